package s3

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"lightproof/backup/store"
	"lightproof/backup/store/remote"
)

// longestWait bounds what is believed of a server that asks to wait.
const longestWait = time.Hour

// fault gives an error of the library its class. Codes are those of Amazon's list of error responses and of servers that have some of their own.
func fault(what string, err error, a *remote.Answer) error {
	if err == nil {
		return nil
	}
	var e minio.ErrorResponse
	if !errors.As(err, &e) || e.StatusCode == 0 && a.Status == 0 {
		return remote.Fault(what, err)
	}
	status := e.StatusCode
	if status == 0 {
		status = a.Status
	}
	class := error(nil)
	switch e.Code {
	case "NoSuchKey", "NoSuchVersion", "MethodNotAllowed": // the last: a mark of deletion, asked for by its version
		class = store.ErrNotExist
	case "NoSuchBucket":
		class = store.ErrAway
	case "PreconditionFailed":
		class = store.ErrExists
	case "InvalidObjectState":
		class = store.ErrArchived
	case "RequestTimeTooSkewed", "RequestExpired":
		class = store.ErrClock
	case "QuotaExceeded", "ServiceQuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "StorageQuotaExceeded", "InsufficientStorage":
		class = store.ErrFull
	case "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "Throttling",
		"TooManyRequests", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "XAmzContentChecksumMismatch":
		return passing(what, err, a)
	case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "AllAccessDisabled",
		"AccountProblem", "InvalidSecurity", "AuthorizationHeaderMalformed", "PermanentRedirect":
		class = store.ErrRefused
	}
	if class == nil {
		switch {
		case status == http.StatusNotFound:
			class = store.ErrNotExist
		case status == http.StatusPreconditionFailed:
			class = store.ErrExists
		case status == http.StatusInsufficientStorage:
			class = store.ErrFull
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			class = store.ErrRefused
		case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
			return passing(what, err, a)
		default:
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return fmt.Errorf("%s: %w: %w", what, class, err)
}

func passing(what string, err error, a *remote.Answer) error {
	return fmt.Errorf("%s: %w", what, &store.TemporaryError{After: a.After(longestWait), Err: err})
}
