package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	region        = "us-east-1"
	partSize      = 8 << 20
	parallelParts = 4
)

// Job is `OPERATION ENDPOINT BUCKET SIZE COUNT CONCURRENCY [file=PATH] [pipe=yes] [payload=signed|unsigned]`.
type Job struct {
	operation, endpoint, bucket string
	size                        int64
	count, concurrency          int
	file                        string
	pipe, signed                bool
	accessKey, secretKey        string
}

func jobOf(words []string) Job {
	number := func(at int) int64 {
		value, err := strconv.ParseInt(words[at], 10, 64)
		if err != nil {
			giveUp(err)
		}
		return value
	}
	option := func(name string) string {
		for _, word := range words[6:] {
			if value, found := strings.CutPrefix(word, name+"="); found {
				return value
			}
		}
		return ""
	}
	environment := func(name string) string {
		if value := os.Getenv(name); value != "" {
			return value
		}
		return "benchmark"
	}
	return Job{
		operation: words[0], endpoint: words[1], bucket: words[2],
		size: number(3), count: int(number(4)), concurrency: int(number(5)),
		file: option("file"), pipe: option("pipe") != "", signed: option("payload") == "signed",
		accessKey: environment("AWS_ACCESS_KEY_ID"), secretKey: environment("AWS_SECRET_ACCESS_KEY"),
	}
}

// The sink reads the size out of it.
func (job Job) key(number int) string { return fmt.Sprintf("o%d-%d", job.size, number) }

func (job Job) listPrefix() string { return fmt.Sprintf("n%d/", job.size) }

func (job Job) streams() bool { return job.pipe || job.file != "" }

// The body of uploads from memory; empty for everything else.
func (job Job) payload() []byte {
	if job.operation != "put" || job.streams() {
		return nil
	}
	bytes := make([]byte, job.size)
	state := uint64(0x9e3779b97f4a7c15)
	for at := range bytes {
		if at%8 == 0 {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
		}
		bytes[at] = byte(state >> (8 * (at % 8)))
	}
	return bytes
}

func giveUp(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func usage() unix.Rusage {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		giveUp(err)
	}
	return used
}

func seconds(time unix.Timeval) float64 { return float64(time.Sec) + float64(time.Usec)*1e-6 }

func monotonicNanoseconds() int64 {
	var time unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &time); err != nil {
		giveUp(err)
	}
	return time.Nano()
}

// Calls one(number) for each number below the count, as many at a time as the job says, and prints the figures.
func run(job Job, one func(number int) error) {
	latencies := make([]float64, job.count)
	var next, errors, firstAnswer atomic.Int64
	var workers sync.WaitGroup
	before := usage()
	began := time.Now()
	for worker := 0; worker < job.concurrency; worker++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for number := int(next.Add(1) - 1); number < job.count; number = int(next.Add(1) - 1) {
				started := time.Now()
				if err := one(number); err != nil && errors.Add(1) == 1 {
					fmt.Fprintln(os.Stderr, err)
				}
				latencies[number] = time.Since(started).Seconds() * 1e3
				if number == 0 {
					firstAnswer.Store(monotonicNanoseconds())
				}
			}
		}()
	}
	workers.Wait()
	wall := time.Since(began).Seconds()
	used := usage()
	sort.Float64s(latencies)
	quantile := func(part float64) float64 {
		return latencies[min(int(part*float64(len(latencies))), len(latencies)-1)]
	}
	fmt.Printf("{\"operations\": %d, \"errors\": %d, \"wall_s\": %.6f, \"user_s\": %.6f, \"system_s\": %.6f, "+
		"\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"peak_kib\": %d, \"first_answer_ns\": %d}\n",
		len(latencies), errors.Load(), wall, seconds(used.Utime)-seconds(before.Utime),
		seconds(used.Stime)-seconds(before.Stime), quantile(0.5), quantile(0.99), used.Maxrss, firstAnswer.Load())
}
