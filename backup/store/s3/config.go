package s3

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"lightproof/backup/store"
	"lightproof/backup/store/remote"
)

// Config is where a bucket is and how to reach it. It holds the login: it is kept sealed and never shown.
type Config struct {
	Endpoint  string `json:"endpoint"`          // https://host[:port], or host[:port]
	Bucket    string `json:"bucket"`            // 3 to 63 characters
	Prefix    string `json:"prefix,omitempty"`  // names begin with it; "" or words of [a-z0-9._-] with slashes between them
	Region    string `json:"region,omitempty"`  // "": the server is asked
	Style     string `json:"style,omitempty"`   // how the bucket is named: StylePath, StyleVirtual; "": as the endpoint's host suggests
	AccessKey string `json:"access_key"`        // its public part
	SecretKey string `json:"secret_key"`        // its secret part
	Session   string `json:"session,omitempty"` // of temporary credentials
	CA        string `json:"ca,omitempty"`      // certificate authority in PEM form, instead of the system's
	Class     string `json:"class,omitempty"`   // storage class; "": the bucket's
	// RetainDays is for how long an object is locked in a bucket with Object Lock; 0: as the bucket's own rule says, or DefaultRetain without one.
	RetainDays int `json:"retain_days,omitempty"`
	// LooksFirst is set for servers that do not heed "If-None-Match: *": each name is looked up before it is written, which does not keep two
	// writers apart that come at the same moment.
	LooksFirst bool `json:"looks_first,omitempty"`
}

// Ways of naming the bucket in a request.
const (
	StylePath    = "path"    // https://host/bucket/name
	StyleVirtual = "virtual" // https://bucket.host/name
)

// DefaultRetain is for how many days an object is locked where neither the bucket nor the person says.
const DefaultRetain = 30

// ErrConfig means settings that cannot be right, whatever the server says.
var ErrConfig = errors.New("the settings of the bucket")

// Check reports ErrConfig, or remote.ErrCA, for settings that cannot be right.
func (c Config) Check() error {
	host, err := c.host()
	switch {
	case err != nil:
		return err
	case host == "":
		return fmt.Errorf("%w: no endpoint", ErrConfig)
	case len(c.Bucket) < 3 || len(c.Bucket) > 63 || strings.ContainsAny(c.Bucket, "/\\ "):
		return fmt.Errorf("%w: a bucket's name has 3 to 63 characters", ErrConfig)
	case c.Style != "" && c.Style != StylePath && c.Style != StyleVirtual:
		return fmt.Errorf("%w: the style is %q or %q", ErrConfig, StylePath, StyleVirtual)
	case c.AccessKey == "" || c.SecretKey == "":
		return fmt.Errorf("%w: both parts of the access key are needed", ErrConfig)
	case c.RetainDays < 0 || c.RetainDays > 36500:
		return fmt.Errorf("%w: a lock of %d days", ErrConfig, c.RetainDays)
	}
	if c.Prefix != "" && store.CheckName(c.Prefix) != nil {
		return fmt.Errorf("%w: the prefix may have [a-z0-9._-] and single slashes", ErrConfig)
	}
	return remote.CheckCA([]byte(c.CA))
}

// host is the endpoint without its scheme.
func (c Config) host() (string, error) {
	e := strings.TrimSuffix(c.Endpoint, "/")
	if !strings.Contains(e, "://") {
		e = "https://" + e
	}
	u, err := url.Parse(e)
	if err != nil || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return "", fmt.Errorf("%w: the endpoint is a host, with a port where it is not 443", ErrConfig)
	}
	if u.Scheme != "https" {
		return "", fmt.Errorf("%w: only https, nothing is sent in the open", ErrConfig)
	}
	return u.Host, nil
}

// Where is what a person calls it: host, bucket and prefix, without any login.
func (c Config) Where() string {
	host, _ := c.host()
	where := host + "/" + c.Bucket
	if c.Prefix != "" {
		where += "/" + c.Prefix
	}
	return where
}

// Account is what destinations share that can be lost together: the server and the access key.
func (c Config) Account() string {
	host, _ := c.host()
	return "s3:" + host + ":" + c.AccessKey
}
