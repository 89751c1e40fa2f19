// minio-go, which signs bodies over plain HTTP in chunks, unless it is told to leave them unsigned.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func open(job Job) *minio.Core {
	scheme, host, _ := strings.Cut(job.endpoint, "://")
	core, err := minio.NewCore(host, &minio.Options{
		Creds:  credentials.NewStaticV4(job.accessKey, job.secretKey, ""),
		Region: region,
		Secure: scheme == "https",
	})
	if err != nil {
		giveUp(err)
	}
	return core
}

func put(job Job, core *minio.Core, key string, payload []byte) error {
	ctx := context.Background()
	options := minio.PutObjectOptions{DisableContentSha256: !job.signed, PartSize: partSize, NumThreads: parallelParts}
	if job.file != "" {
		_, err := core.Client.FPutObject(ctx, job.bucket, key, job.file, options)
		return err
	}
	if job.pipe {
		options.ConcurrentStreamParts = true
		_, err := core.Client.PutObject(ctx, job.bucket, key, os.Stdin, -1, options)
		return err
	}
	options.PartSize = 0
	options.DisableMultipart = true
	_, err := core.Client.PutObject(ctx, job.bucket, key, bytes.NewReader(payload), job.size, options)
	return err
}

func get(job Job, core *minio.Core, key string) error {
	if job.file != "" {
		return core.Client.FGetObject(context.Background(), job.bucket, key, job.file, minio.GetObjectOptions{})
	}
	body, _, _, err := core.GetObject(context.Background(), job.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer body.Close()
	received, err := io.Copy(io.Discard, body)
	if err == nil && received != job.size {
		err = fmt.Errorf("%d bytes", received)
	}
	return err
}

func list(job Job, core *minio.Core) error {
	seen := 0
	options := minio.ListObjectsOptions{Prefix: job.listPrefix()}
	for entry := range core.Client.ListObjects(context.Background(), job.bucket, options) {
		if entry.Err != nil {
			return entry.Err
		}
		seen++
	}
	if seen != int(job.size) {
		return fmt.Errorf("%d objects", seen)
	}
	return nil
}

func head(job Job, core *minio.Core, key string) error {
	info, err := core.Client.StatObject(context.Background(), job.bucket, key, minio.StatObjectOptions{})
	if err == nil && info.Size != job.size {
		err = fmt.Errorf("%d bytes", info.Size)
	}
	return err
}

func main() {
	job := jobOf(os.Args[1:])
	core := open(job)
	payload := job.payload()
	run(job, func(number int) error {
		key := job.key(number)
		switch job.operation {
		case "put":
			return put(job, core, key, payload)
		case "get":
			return get(job, core, key)
		case "head":
			return head(job, core, key)
		case "delete":
			return core.Client.RemoveObject(context.Background(), job.bucket, key, minio.RemoveObjectOptions{})
		case "list":
			return list(job, core)
		}
		return fmt.Errorf("there is no operation %s", job.operation)
	})
}
