// Threads that share work: for a while (`parallel`), or side by side all the way (`Barrier`).
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

// work(me, from, to) for each thread's share of `count` things.
template <typename Work>
void parallel(long count, int threads, Work work) {
  threads = static_cast<int>(std::max<long>(1, std::min<long>(threads, count)));
  std::vector<std::thread> helpers;
  auto share = [&](int i) { work(i, count * i / threads, count * (i + 1) / threads); };
  for (int i = 1; i < threads; ++i) helpers.emplace_back(share, i);
  share(0);
  for (auto& helper : helpers) helper.join();
}

// Threads that wait for one another: spinning while the wait is short, then giving way.
class Barrier {
 public:
  explicit Barrier(int count) : count_(count) {}
  void wait() {
    const unsigned round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
      if (spins > 4000) std::this_thread::yield();
  }

 private:
  const int count_;
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> round_{0};
};
