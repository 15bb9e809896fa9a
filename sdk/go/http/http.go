// Package http sends requests to the hosts that the owner granted: http = ["api.example.org"].
// net/http does not work in a component.
//
// Secrets never pass through a skill: the manifest names the header and the host puts the value
// in, only for the host it belongs to.
package http

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	raw "skillet/internal/bindings/imports/skillet_skill_http"
	"skillet/internal/text"
	"skillet/internal/types"
)

// defaultTimeout is long enough for a slow interface, short enough for a person who waits.
const defaultTimeout = 10 * time.Second

// Header is one line of the headers.
type Header struct{ Name, Value string }

// Request is a request, sent by [Request.Send].
type Request struct {
	// Method is GET unless set.
	Method  string
	URL     string
	Headers []Header
	Body    []byte
	// Timeout is for the whole response, ten seconds unless set.
	Timeout time.Duration
}

// Get sends a GET request.
func Get(url string) (Response, error) { return Request{URL: url}.Send() }

// PostJSON sends a POST request whose body is the value as JSON.
func PostJSON(url string, value any) (Response, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return Response{}, err
	}
	headers := []Header{{"content-type", "application/json"}}
	return Request{Method: "POST", URL: url, Headers: headers, Body: body}.Send()
}

// Send sends it. A status like 404 is a [Response], not an error: see [Response.OK].
func (r Request) Send() (Response, error) {
	request := raw.Request{
		Method:    text.Valid(r.Method),
		Url:       text.Valid(r.URL),
		Body:      r.Body,
		TimeoutMs: timeoutMS(r.Timeout),
	}
	if r.Method == "" {
		request.Method = "GET"
	}
	for _, header := range r.Headers {
		pair := types.Tuple2[string, string]{F0: text.Valid(header.Name), F1: text.Valid(header.Value)}
		request.Headers = append(request.Headers, pair)
	}
	response, err := raw.Fetch(request).Or(refusal)
	if err != nil {
		return Response{}, err
	}
	return responseOf(response), nil
}

func timeoutMS(timeout time.Duration) uint32 {
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	return uint32(min(max(timeout.Milliseconds(), 1), math.MaxUint32))
}

// Response is what the server answered.
type Response struct {
	// Status is 200 for a success.
	Status int
	// Headers are in the order they came.
	Headers []Header
	// Body is decompressed already.
	Body []byte
}

func responseOf(response raw.Response) Response {
	headers := make([]Header, 0, len(response.Headers))
	for _, pair := range response.Headers {
		headers = append(headers, Header{pair.F0, pair.F1})
	}
	return Response{int(response.Status), headers, response.Body}
}

// OK is nil if the status is a success (2xx), else a [StatusError].
func (r Response) OK() error {
	if r.Status >= 200 && r.Status <= 299 {
		return nil
	}
	return StatusError(r.Status)
}

// Header is the value of the first header of that name, in whatever case; empty if there is none.
func (r Response) Header(name string) string {
	for _, header := range r.Headers {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

// Text is the body as text; bytes that are not UTF-8 become U+FFFD.
func (r Response) Text() string { return text.Valid(string(r.Body)) }

// JSON parses the body into the value.
func (r Response) JSON(value any) error { return json.Unmarshal(r.Body, value) }
