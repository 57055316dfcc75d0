package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"lightproof/backup/store"
)

// ErrCA says that what was given as own certificate authority holds no certificate.
var ErrCA = errors.New("no certificate in PEM form")

// CheckCA reports ErrCA unless pemCA is empty or holds certificates in PEM form and nothing that looks like one and is none.
func CheckCA(pemCA []byte) error {
	_, err := roots(pemCA)
	return err
}

// roots are whom TLS trusts: the system's authorities, or the given ones instead of them.
func roots(pemCA []byte) (*x509.CertPool, error) {
	if len(pemCA) == 0 {
		return nil, nil
	}
	pool, found := x509.NewCertPool(), false
	for rest := pemCA; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCA, err)
		}
		pool.AddCert(c)
		found = true
	}
	if !found {
		return nil, ErrCA
	}
	return pool, nil
}

// Transport makes an HTTP transport for a destination: TLS 1.3 and nothing older, trusting the system's authorities or, where pemCA is not
// empty, those in it alone; no proxy; HTTP/1.1, at most parallel connections, each ended where it stands still for longer than Silence.
// Requests that are not https fail: nothing is sent in the open. Error: ErrCA.
func Transport(dial Dial, pemCA []byte, parallel int) (http.RoundTripper, error) {
	pool, err := roots(pemCA)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:               nil,
		DialContext:         Watch(dial, Silence),
		DialTLSContext:      nil,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool},
		TLSHandshakeTimeout: dialTime,
		MaxConnsPerHost:     parallel,
		MaxIdleConnsPerHost: parallel,
		IdleConnTimeout:     Silence / 2,
		DisableCompression:  true,
		ForceAttemptHTTP2:   false,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1: one object on one connection
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      64 << 10,
	}
	return secure{t}, nil
}

// secure lets nothing through that is not TLS.
type secure struct{ *http.Transport }

func (s secure) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, &store.TrustError{Reason: store.NoTLS, Err: fmt.Errorf("%s is not encrypted", r.URL.Scheme)}
	}
	resp, err := s.Transport.RoundTrip(r)
	if err == nil {
		heard(resp)
	}
	return resp, err
}

// distrust finds the reason why the other end of a TLS connection is not trusted, nil where that is not what happened.
func distrust(err error) *store.TrustError {
	var (
		unknown *x509.UnknownAuthorityError
		plain   x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &name):
		return &store.TrustError{Reason: store.WrongName, Err: err}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &store.TrustError{Reason: store.Expired, Err: err}
	case errors.As(err, &unknown), errors.As(err, &plain):
		return &store.TrustError{Reason: store.UnknownCA, Err: err}
	case errors.As(err, &invalid), errors.As(err, &verify):
		return &store.TrustError{Reason: store.Certificate, Err: err}
	case errors.As(err, &record):
		return &store.TrustError{Reason: store.NoTLS, Err: err}
	case errors.As(err, &alert) && alert == alertProtocolVersion, oldVersion(err):
		return &store.TrustError{Reason: store.OldTLS, Err: err}
	}
	return nil
}

// alertProtocolVersion is protocol_version of RFC 8446, section 6.
const alertProtocolVersion = tls.AlertError(70)

// oldVersion recognises the errors of crypto/tls that have no type: an answer in an older version, and the alert of who speaks none newer.
func oldVersion(err error) bool {
	text := err.Error()
	return strings.Contains(text, "tls: server selected unsupported protocol version") ||
		strings.Contains(text, "tls: protocol version not supported")
}

// Handshake opens a TLS connection to address as Transport would and closes it again: whether who answers is trusted, with no request sent.
// Errors as those of Fault; ErrCA.
func Handshake(ctx context.Context, dial Dial, address string, pemCA []byte) error {
	pool, err := roots(pemCA)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialTime)
	defer cancel()
	c, err := Watch(dial, dialTime)(ctx, "tcp", address)
	if err != nil {
		return Fault("connect", err)
	}
	defer c.Close()
	return Fault("connect", tls.Client(c, &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: host}).HandshakeContext(ctx))
}

// RetryAfter reads the header of that name (RFC 9110, section 10.2.3): seconds, or a date seen from now. What cannot be read, or lies in the
// past, is 0; more than most is most.
func RetryAfter(h http.Header, now time.Time, most time.Duration) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	var d time.Duration
	if n, err := parseSeconds(v); err == nil {
		d = time.Duration(min(n, int64(most/time.Second))) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return max(0, min(d, most))
}
