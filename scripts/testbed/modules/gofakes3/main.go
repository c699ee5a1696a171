// An S3 server on loopback: gofakes3 with one bucket, and with the conditions that S3 puts on the end of a multipart upload.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3bolt"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func main() {
	host := flag.String("host", "127.0.0.1:0", "where it listens")
	bucket := flag.String("bucket", "relaunch", "the bucket that there is")
	file := flag.String("file", "", "what keeps the objects; none: they are kept in memory")
	flag.Parse()

	storage, err := open(*file)
	check(err)
	if err := storage.CreateBucket(*bucket); !gofakes3.IsAlreadyExists(err) {
		check(err)
	}
	listener, err := net.Listen("tcp", *host)
	check(err)
	fmt.Printf("http://%s\n", listener.Addr())
	server := gofakes3.New(storage, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	check(http.Serve(listener, withConditions(server)))
}

func open(file string) (gofakes3.Backend, error) {
	if file == "" {
		return s3mem.New(), nil
	}
	return s3bolt.NewFile(file)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

const notMet = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message></Error>`

// S3 checks conditions also when a multipart upload completes; gofakes3 does not. Other writes wait meanwhile.
func withConditions(next http.Handler) http.Handler {
	var writes sync.RWMutex
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		completes := request.Method == http.MethodPost && request.URL.Query().Has("uploadId")
		switch {
		case completes:
			writes.Lock()
			defer writes.Unlock()
			if !holds(next, request) {
				answer.Header().Set("Content-Type", "application/xml")
				answer.WriteHeader(http.StatusPreconditionFailed)
				fmt.Fprint(answer, notMet)
				return
			}
		case request.Method == http.MethodPut || request.Method == http.MethodDelete:
			writes.RLock()
			defer writes.RUnlock()
		}
		next.ServeHTTP(answer, request)
	})
}

func holds(next http.Handler, request *http.Request) bool {
	absent, match := request.Header.Get("If-None-Match"), request.Header.Get("If-Match")
	if absent == "" && match == "" {
		return true
	}
	head := request.Clone(request.Context())
	head.Method, head.Body, head.Header, head.URL.RawQuery = http.MethodHead, http.NoBody, http.Header{}, ""
	found := httptest.NewRecorder()
	next.ServeHTTP(found, head)
	exists := found.Code == http.StatusOK
	if absent != "" && exists {
		return false
	}
	return match == "" || exists && found.Header().Get("ETag") == match
}
