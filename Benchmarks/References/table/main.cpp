// What a careful C++ program would use for point reads: absl::flat_hash_map, one mutex, one shared_ptr for each entry.
// table N READERS SECONDS: prints one JSON object on one line.
#include <absl/container/flat_hash_map.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

struct Job {
  std::string id, name, state;
  int priority;
  double createdAt;
  std::map<std::string, std::string> labels;
  int attempts;
  std::string payload;
};

// The time that the calling thread was ready to run and did not.
static long runDelay() {
  std::ifstream file("/proc/thread-self/schedstat");
  long ran = 0, waited = 0;
  file >> ran >> waited;
  return waited;
}

struct Reader {
  long reads = 0, wall = 0, delay = 0, sum = 0;
};

int main(int argc, char **argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: table N READERS SECONDS\n");
    return 2;
  }
  const int n = std::atoi(argv[1]), readers = std::atoi(argv[2]);
  const double seconds = std::atof(argv[3]);
  std::mt19937_64 random(1);
  absl::flat_hash_map<std::string, std::shared_ptr<Job>> table;
  std::vector<std::string> keys;
  for (int i = 0; i < n; i++) {
    char key[64];
    std::snprintf(key, sizeof key, "%02d/%08lx-%04lx-4%03lx-%04lx-%012lx", i % 100, random() & 0xffffffff,
                  random() & 0xffff, random() & 0xfff, random() & 0xffff, random() & 0xffffffffffff);
    auto job = std::make_shared<Job>();
    job->id = key;
    job->priority = i;
    job->payload = std::string(120, 'p');
    keys.push_back(key);
    table.emplace(key, job);
  }
  std::mutex mutex;
  std::atomic<int> ready{0};
  std::vector<Reader> results(readers);
  std::vector<std::thread> threads;
  for (int r = 0; r < readers; r++) {
    threads.emplace_back([&, r] {
      std::mt19937_64 mine(r + 2);
      std::vector<std::string> order;
      for (int i = 0; i < 65536; i++) order.push_back(keys[mine() % keys.size()]);
      ready++;
      while (ready < readers) std::this_thread::yield();
      Reader result;
      const long delayed = runDelay();
      const auto start = std::chrono::steady_clock::now();
      const auto end = start + std::chrono::nanoseconds(long(seconds * 1e9));
      auto now = start;
      for (size_t at = 0; now < end; now = std::chrono::steady_clock::now()) {
        for (int i = 0; i < 1024; i++) {
          const std::string &key = order[at++ & 65535];
          std::shared_ptr<Job> found;
          {
            std::lock_guard<std::mutex> lock(mutex);
            auto it = table.find(key);
            if (it != table.end()) found = it->second;
          }
          if (found) result.sum += found->priority;
        }
        result.reads += 1024;
      }
      result.wall = (now - start).count();
      result.delay = runDelay() - delayed;
      results[r] = result;
    });
  }
  for (auto &thread : threads) thread.join();
  double rate = 0, overlap = 1;
  long sum = 0;
  for (auto &r : results) {
    rate += r.reads / (double(r.wall) - r.delay) * 1e9;
    overlap = std::min(overlap, 1 - double(r.delay) / r.wall);
    sum += r.sum;
  }
  std::printf("{\"ns\": %.2f, \"reads_per_s\": %.0f, \"overlap\": %.3f, \"sum\": %ld}\n", readers / rate * 1e9, rate, overlap, sum & 1);
}
