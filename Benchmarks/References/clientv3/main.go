// The same workloads as `holdfast-bench etcd`, on etcd's own Go client. Prints one JSON object on one line.
//
//	clientv3 WORKLOAD ENDPOINT COUNT [RATE]
//
// Also the writer of both clients' watch workloads, so that neither pays for the writes (`write`).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
)

const callers = 64
const pageSize = 10000

var valueOf300Bytes = strings.Repeat("v", 300)

func fail(err error) {
	fmt.Fprintln(os.Stderr, "clientv3:", err)
	os.Exit(1)
}

func must(err error) {
	if err != nil {
		fail(err)
	}
}

// cpu is the processor time of this process, all threads, user and system.
func cpu() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func percentile(sorted []time.Duration, p float64) float64 {
	return micros(sorted[int(p*float64(len(sorted)-1))])
}

func key(i int) string { return fmt.Sprintf("/calls/%02d/%06d", i%100, i%10000) }

type call func(i int) error

func calls(client *clientv3.Client, isPut bool) call {
	return func(i int) error {
		if isPut {
			_, err := client.Put(context.Background(), key(i), valueOf300Bytes)
			return err
		}
		_, err := client.Get(context.Background(), key(i))
		return err
	}
}

func one(call call, count int) map[string]float64 {
	for i := 0; i < count/10; i++ {
		must(call(i))
	}
	times := make([]time.Duration, count)
	before := cpu()
	for i := range times {
		start := time.Now()
		must(call(i))
		times[i] = time.Since(start)
	}
	used := cpu() - before
	sort.Slice(times, func(a, b int) bool { return times[a] < times[b] })
	return map[string]float64{
		"p50_us": percentile(times, 0.5), "p99_us": percentile(times, 0.99), "cpu_us": micros(used) / float64(count),
	}
}

func many(call call, count int) map[string]float64 {
	run := func(count int) {
		var next int64
		var group sync.WaitGroup
		for c := 0; c < callers; c++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					i := int(atomic.AddInt64(&next, 1))
					if i > count {
						return
					}
					must(call(i))
				}
			}()
		}
		group.Wait()
	}
	run(count / 10)
	before, start := cpu(), time.Now()
	run(count)
	wall, used := time.Since(start), cpu()-before
	return map[string]float64{"ops_per_s": float64(count) / wall.Seconds(), "cpu_us": micros(used) / float64(count)}
}

// watch counts the events below /watch/ and how old they are. It says `ready` when the writer may begin, and measures
// from the first event that it sees.
func watch(client *clientv3.Client, count int) map[string]float64 {
	updates := client.Watch(context.Background(), "/watch/", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	if first := <-updates; !first.Created {
		fail(fmt.Errorf("the watch was not created"))
	}
	fmt.Println("ready")
	lags := make([]time.Duration, 0, count+callers)
	var before time.Duration
	var start time.Time
	for update := range updates {
		must(update.Err())
		if len(lags) == 0 {
			before, start = cpu(), time.Now()
		}
		now := time.Now().UnixNano()
		for _, event := range update.Events {
			sent, err := strconv.ParseInt(string(event.Kv.Value[:19]), 10, 64)
			must(err)
			lags = append(lags, time.Duration(now-sent))
		}
		if len(lags) >= count {
			break
		}
	}
	wall, used := time.Since(start), cpu()-before
	events := float64(len(lags))
	sort.Slice(lags, func(a, b int) bool { return lags[a] < lags[b] })
	return map[string]float64{
		"events_per_s": events / wall.Seconds(), "cpu_us": micros(used) / events,
		"lag_p50_us": percentile(lags, 0.5), "lag_p99_us": percentile(lags, 0.99),
	}
}

// write puts values that begin with the time: COUNT of them, RATE for each second (0: as fast as 64 callers can).
func write(client *clientv3.Client, count, rate int) map[string]float64 {
	put := func(i int) error {
		stamp := strconv.FormatInt(time.Now().UnixNano(), 10)
		_, err := client.Put(context.Background(), "/watch/"+strconv.Itoa(i%10000), stamp+valueOf300Bytes[:281])
		return err
	}
	start := time.Now()
	if rate == 0 {
		many(func(i int) error { return put(i) }, count)
	} else {
		var group sync.WaitGroup
		for i := 0; i < count; i++ {
			time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
			group.Add(1)
			go func(i int) {
				defer group.Done()
				must(put(i))
			}(i)
		}
		group.Wait()
	}
	return map[string]float64{"wall_s": time.Since(start).Seconds()}
}

// replace puts values that are there already, of keys below a prefix, once more: what the caches' rows write.
func replace(client *clientv3.Client, prefix string, count int) map[string]float64 {
	answer, err := client.Get(context.Background(), prefix, clientv3.WithPrefix(), clientv3.WithLimit(10000))
	must(err)
	if len(answer.Kvs) == 0 {
		fail(fmt.Errorf("nothing below %s", prefix))
	}
	random := rand.New(rand.NewSource(1))
	order := random.Perm(len(answer.Kvs))
	return many(func(i int) error {
		kv := answer.Kvs[order[i%len(order)]]
		_, err := client.Put(context.Background(), string(kv.Key), string(kv.Value))
		return err
	}, count)
}

// list reads everything below a prefix in pages of one revision.
func list(client *clientv3.Client, prefix string) map[string]float64 {
	end := clientv3.GetPrefixRangeEnd(prefix)
	before, start := cpu(), time.Now()
	from, revision, count := prefix, int64(0), 0
	for {
		answer, err := client.Get(context.Background(), from, clientv3.WithRange(end), clientv3.WithLimit(pageSize),
			clientv3.WithRev(revision))
		must(err)
		if revision == 0 {
			revision = answer.Header.Revision
		}
		count += len(answer.Kvs)
		if !answer.More {
			break
		}
		from = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
	}
	return map[string]float64{
		"wall_ms": time.Since(start).Seconds() * 1000, "cpu_ms": micros(cpu()-before) / 1000, "keys": float64(count),
	}
}

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: clientv3 WORKLOAD ENDPOINT COUNT [RATE]"))
	}
	count, err := strconv.Atoi(os.Args[3])
	must(err)
	rate := 0
	if len(os.Args) > 4 {
		rate, err = strconv.Atoi(os.Args[4])
		must(err)
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{os.Args[2]}, DialTimeout: 5 * time.Second,
	})
	must(err)
	var result map[string]float64
	switch os.Args[1] {
	case "put-1":
		result = one(calls(client, true), count)
	case "get-1":
		result = one(calls(client, false), count)
	case "put-64":
		result = many(calls(client, true), count)
	case "get-64":
		result = many(calls(client, false), count)
	case "watch":
		result = watch(client, count)
	case "write":
		result = write(client, count, rate)
	case "replace":
		result = replace(client, "/bench/", count)
	case "list":
		result = list(client, "/bench/")
	default:
		fail(fmt.Errorf("unknown workload %s", os.Args[1]))
	}
	must(json.NewEncoder(os.Stdout).Encode(result))
}
