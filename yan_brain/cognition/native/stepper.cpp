// One token through the whole core, at the speed at which memory gives the weights.
//
// A few threads walk through the layers side by side; each reads its own, contiguous share of
// every matrix, and they meet at a barrier where one needs what another wrote. Weights are used
// where they lie (a memory-mapped file), in the layout that training gave them. What is computed
// is `YanCore.forward` of one row and one token: core.py, mixers.py and partitions.py say why.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "threads.h"

namespace {

struct Shape {
  int width, layers, channels, heads, key, value, partitions, hidden, awake, slot_side, slot_key,
      slots_awake, vocabulary, gated;
};

struct Layer {  // pointers in the order of stepper.py
  const float *mixer_norm, *channel, *decay_norm, *fuse, *rate, *keep, *keep_bias, *qk, *vg,
      *gates, *gates_bias, *memory_norm, *memory_out, *neurons_norm, *selector, *into, *back,
      *slot_query, *slot_keys, *slot_values, *slot_gate, *slot_out;
};

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }
float silu(float x) { return x * sigmoid(x); }
float log_sigmoid(float x) { return std::min(x, 0.0f) - std::log1p(std::exp(-std::fabs(x))); }
float gelu(float x) { return 0.5f * x * (1 + std::erf(x * 0.70710678f)); }

void normalise(const float* x, const float* gain, float* out, int n) {
  float squares = 0;
  for (int i = 0; i < n; ++i) squares += x[i] * x[i];
  const float scale = 1 / std::sqrt(squares / n + 1e-6f);
  for (int i = 0; i < n; ++i) out[i] = x[i] * scale * gain[i];
}

void unit(float* x, int n) {
  float squares = 0;
  for (int i = 0; i < n; ++i) squares += x[i] * x[i];
  const float scale = 1 / std::max(std::sqrt(squares), 1e-6f);
  for (int i = 0; i < n; ++i) x[i] *= scale;
}

// out[r] = (add ? out[r] : 0) + W[r] . x for rows from..to; W is (rows, n).
void rows_times(const float* w, const float* x, float* out, int from, int to, int n, bool add) {
  int r = from;
  for (; r + 4 <= to; r += 4) {
    const float *a = w + long(r) * n, *b = a + n, *c = b + n, *d = c + n;
    float p = 0, q = 0, s = 0, t = 0;
    for (int i = 0; i < n; ++i) {
      p += a[i] * x[i];
      q += b[i] * x[i];
      s += c[i] * x[i];
      t += d[i] * x[i];
    }
    out[r] = (add ? out[r] : 0) + p;
    out[r + 1] = (add ? out[r + 1] : 0) + q;
    out[r + 2] = (add ? out[r + 2] : 0) + s;
    out[r + 3] = (add ? out[r + 3] : 0) + t;
  }
  for (; r < to; ++r) {
    const float* a = w + long(r) * n;
    float p = 0;
    for (int i = 0; i < n; ++i) p += a[i] * x[i];
    out[r] = (add ? out[r] : 0) + p;
  }
}

// out += x[from..to] W[from..to]; W is (., n): rows are read one after another, four at once.
void times_rows(const float* x, const float* w, float* __restrict out, int from, int to, int n) {
  int r = from;
  for (; r + 4 <= to; r += 4) {
    const float *a = w + long(r) * n, *b = a + n, *c = b + n, *d = c + n;
    const float p = x[r], q = x[r + 1], s = x[r + 2], t = x[r + 3];
    for (int i = 0; i < n; ++i) out[i] += p * a[i] + q * b[i] + s * c[i] + t * d[i];
  }
  for (; r < to; ++r) {
    const float* a = w + long(r) * n;
    for (int i = 0; i < n; ++i) out[i] += x[r] * a[i];
  }
}

// Indices of the `n` greatest, greatest first.
std::vector<int> greatest(const float* x, int count, int n) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + n, order.end(), [&](int a, int b) {
    return x[a] != x[b] ? x[a] > x[b] : a < b;
  });
  order.resize(n);
  return order;
}

class Stepper {
 public:
  Stepper(const Shape& shape, const float* const* pointers, int threads)
      : s_(shape), threads_(threads), barrier_(threads), dc_(shape.width / shape.channels) {
    const int each = sizeof(Layer) / sizeof(float*);
    for (int i = 0; i < s_.layers; ++i) {
      layers_.emplace_back();
      std::memcpy(&layers_.back(), pointers + i * each, sizeof(Layer));
    }
    norm_ = pointers[s_.layers * each];
    head_ = pointers[s_.layers * each + 1];
    const int d = s_.width, c = s_.channels, h = s_.heads;
    x_.resize(d);
    projected_.resize(4 * d);
    keep_.resize(2 * c);
    fused_.resize(2 * d);
    qk_.resize(2 * h * s_.key);
    vg_.resize(2 * h * s_.value);
    gates_.resize(2 * h);
    recalled_.resize(h * s_.value);
    asked_.resize(2 * s_.slot_key);
    scores_.resize(2 * s_.slot_side);
    told_.resize(s_.slot_side ? d : 0);
    partial_.resize(threads, std::vector<float>(
        std::max({d, s_.awake * 2 * s_.hidden, s_.value})));
    scratch_.resize(threads, std::vector<float>(d + s_.awake * 2 * s_.hidden));
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this, i] { help(i); });
  }

  ~Stepper() {
    {
      std::lock_guard<std::mutex> hold(mutex_);
      over_ = true;
    }
    called_.notify_all();
    for (auto& helper : helpers_) helper.join();
  }

  long state_floats() const { return s_.layers * layer_floats(); }

  // x (tokens, width) -> out (tokens, width); logits of the last token unless null.
  void read(const float* x, const unsigned char* starts, long tokens, float* state, float* out,
            float* logits) {
    if (tokens < 1) return;
    in_ = x, starts_ = starts, tokens_ = tokens, state_ = state, out_ = out, logits_ = logits;
    if (threads_ > 1) {
      {
        std::lock_guard<std::mutex> hold(mutex_);
        turn_.fetch_add(1, std::memory_order_release);
      }
      called_.notify_all();
    }
    work(0);
  }

 private:
  void help(int me) {
    unsigned seen = 0;
    for (;;) {
      for (int spins = 0; spins < 20000 && turn_.load(std::memory_order_acquire) == seen; ++spins)
        ;                                          // the next token is often near
      {
        std::unique_lock<std::mutex> hold(mutex_);
        called_.wait(hold, [&] { return over_ || turn_.load() != seen; });
        if (over_) return;
      }
      ++seen;
      work(me);
    }
  }

  // A thread's share of `count` things, whole multiples of `grain` where there are enough.
  std::pair<int, int> share(int me, int count, int grain = 1) const {
    const int grains = (count + grain - 1) / grain;
    return {std::min(count, grains * me / threads_ * grain),
            std::min(count, grains * (me + 1) / threads_ * grain)};
  }

  long layer_floats() const {
    return 2L * s_.width + s_.channels + long(s_.heads) * s_.key * s_.value + s_.partitions;
  }

  void work(int me) {
    const long tokens = tokens_;       // the caller may set the next one before a helper is back
    for (long t = 0; t < tokens; ++t) {
      if (me == 0) std::copy_n(in_ + t * s_.width, s_.width, x_.data());
      barrier_.wait();
      for (int i = 0; i < s_.layers; ++i) {
        float* state = state_ + i * layer_floats();
        mix(layers_[i], state, me);
        think(layers_[i], state + layer_floats() - s_.partitions, starts_[t], me);
        if (layers_[i].slot_keys) look_up(layers_[i], me);
      }
      float* normed = scratch_[me].data();
      normalise(x_.data(), norm_, normed, s_.width);
      if (me == 0) std::copy_n(normed, s_.width, out_ + t * s_.width);
      if (logits_ && t + 1 == tokens) {
        auto [from, to] = share(me, s_.vocabulary, 4);
        rows_times(head_, normed, logits_, from, to, s_.width, false);
      }
      barrier_.wait();
    }
  }

  void mix(const Layer& l, float* state, int me) {
    const int d = s_.width, c = s_.channels, h = s_.heads;
    float* x = scratch_[me].data();
    normalise(x_.data(), l.mixer_norm, x, d);
    auto [a, b] = share(me, c);
    for (int i = a; i < b; ++i) {
      float* out = projected_.data() + i * 4 * dc_;
      std::fill_n(out, 4 * dc_, 0.0f);
      times_rows(x + i * dc_, l.channel + long(i) * dc_ * 4 * dc_, out, 0, dc_, 4 * dc_);
    }
    auto part = [&](const float* w, std::vector<float>& out) {
      auto [from, to] = share(me, int(out.size()), 4);
      rows_times(w, x, out.data(), from, to, d, false);
    };
    if (s_.gated) part(l.keep, keep_);
    if (h) part(l.qk, qk_), part(l.vg, vg_), part(l.gates, gates_);
    barrier_.wait();
    for (int i = me; i < c; i += threads_) channel(l, state, i);
    for (int i = threads_ - 1 - me; i < h; i += threads_)
      recall(l, state + 2 * d + c + long(i) * s_.key * s_.value, i, me);
    barrier_.wait();
    auto [from, to] = share(me, d, 4);
    rows_times(l.fuse, fused_.data(), x_.data(), from, to, 2 * d, true);
    if (h) rows_times(l.memory_out, recalled_.data(), x_.data(), from, to, h * s_.value, true);
    barrier_.wait();
  }

  // Slope and decay of one channel: mixers.Mixer.
  void channel(const Layer& l, float* state, int i) {
    const int c = s_.channels;
    const float *v = projected_.data() + i * 4 * dc_, *e = v + dc_, *u = e + dc_, *f = u + dc_;
    const auto kept = [&](int j) {
      return std::exp(s_.gated ? log_sigmoid(keep_[j] + l.keep_bias[j]) : -l.rate[j]);
    };
    const float near = kept(i), far = kept(c + i);
    float *slope = state + i * dc_, *decay = state + (c + i) * dc_;
    float* weight = state + 2 * s_.width + i;
    float* out = fused_.data() + i * 2 * dc_;
    *weight = near * *weight + 1;
    const float scale = 1 / std::max(*weight, 1e-6f);
    for (int j = 0; j < dc_; ++j) {
      slope[j] = near * slope[j] + v[j];
      decay[j] = far * decay[j] + e[j];
      out[j] = silu(slope[j] * scale) * u[j];
    }
    normalise(decay, l.decay_norm, out + dc_, dc_);
    for (int j = 0; j < dc_; ++j) out[dc_ + j] *= sigmoid(f[j]);
  }

  // One memory head: mixers.MemoryHeads.
  void recall(const Layer& l, float* S, int i, int me) {
    const int K = s_.key, V = s_.value, h = s_.heads;
    float *q = qk_.data() + i * K, *k = q + h * K;
    const float *v = vg_.data() + i * V, *gate = v + h * V;
    for (int j = 0; j < K; ++j) q[j] = silu(q[j]), k[j] = silu(k[j]);
    unit(q, K), unit(k, K);
    const float a = std::exp(log_sigmoid(-(gates_[i] + l.gates_bias[i])));
    const float b = sigmoid(gates_[h + i] + l.gates_bias[h + i]);
    float *error = partial_[me].data(), *read = recalled_.data() + i * V;
    std::fill_n(error, V, 0.0f);
    std::fill_n(read, V, 0.0f);
    for (int r = 0; r < K; ++r)
      for (int j = 0; j < V; ++j) error[j] += k[r] * S[r * V + j];
    for (int j = 0; j < V; ++j) error[j] = b * (v[j] - a * error[j]);
    for (int r = 0; r < K; ++r)
      for (int j = 0; j < V; ++j) {
        S[r * V + j] = a * S[r * V + j] + k[r] * error[j];
        read[j] += q[r] * S[r * V + j];
      }
    normalise(read, l.memory_norm, read, V);
    for (int j = 0; j < V; ++j) read[j] *= silu(gate[j]);
  }

  // The awake partitions: partitions.PartitionedFeedForward.
  void think(const Layer& l, float* logits, bool start, int me) {
    const int d = s_.width, p = s_.partitions, h = s_.hidden, n = s_.awake;
    float *x = scratch_[me].data(), *acted = x + d, *mine = partial_[me].data();
    normalise(x_.data(), l.neurons_norm, x, d);
    if (start) {
      auto [from, to] = share(me, p);
      rows_times(l.selector, x, logits, from, to, d, false);
      barrier_.wait();
    }
    const std::vector<int> blocks = greatest(logits, p, n);     // every thread finds the same
    std::vector<float> gate(n);
    float sum = 0;
    for (int i = 0; i < n; ++i) sum += gate[i] = std::exp(logits[blocks[i]] - logits[blocks[0]]);
    std::fill_n(mine, n * 2 * h, 0.0f);
    auto [from, to] = share(me, d, 4);
    for (int i = 0; i < n; ++i)
      times_rows(x, l.into + long(blocks[i]) * d * 2 * h, mine + i * 2 * h, from, to, 2 * h);
    barrier_.wait();
    for (int i = 0; i < n; ++i) {
      float* out = acted + i * h;
      for (int j = 0; j < h; ++j) {
        float value = 0, control = 0;
        for (const auto& part : partial_) {
          value += part[i * 2 * h + j];
          control += part[i * 2 * h + h + j];
        }
        out[j] = value * gelu(control) * gate[i] / sum;
      }
    }
    barrier_.wait();                               // all have read the partial sums
    std::fill_n(mine, d, 0.0f);
    auto [first, last] = share(me, h, 4);
    for (int i = 0; i < n; ++i)
      times_rows(acted + i * h, l.back + long(blocks[i]) * h * d, mine, first, last, d);
    barrier_.wait();
    for (int j = from; j < to; ++j)
      for (const auto& part : partial_) x_[j] += part[j];
    barrier_.wait();
  }

  // Sparse slots, of what `think` has normed: slots.SparseSlots.
  void look_up(const Layer& l, int me) {
    const int d = s_.width, k = s_.slot_key, side = s_.slot_side, n = s_.slots_awake;
    const float* x = scratch_[me].data();
    auto [a, b] = share(me, 2 * k, 4);
    rows_times(l.slot_query, x, asked_.data(), a, b, d, false);
    auto [from, to] = share(me, d, 4);
    rows_times(l.slot_gate, x, told_.data(), from, to, d, false);
    barrier_.wait();
    auto [c, e] = share(me, side, 4);
    std::vector<float> half(k), scale(k, 1 / std::sqrt(float(k)));
    for (int i = 0; i < 2; ++i) {
      normalise(asked_.data() + i * k, scale.data(), half.data(), k);
      rows_times(l.slot_keys + long(i) * side * k, half.data(), scores_.data() + i * side, c, e,
                 k, false);
    }
    barrier_.wait();                               // from here every thread finds the same
    const int few = std::min(n, side);
    const auto first = greatest(scores_.data(), side, few);
    const auto second = greatest(scores_.data() + side, side, few);
    std::vector<float> pairs;
    for (int i : first)
      for (int j : second) pairs.push_back(scores_[i] + scores_[side + j]);
    std::vector<float> read(d, 0.0f);
    float sum = 0;
    const auto best = greatest(pairs.data(), few * few, n);
    for (int pair : best) {
      const float weight = std::exp(pairs[pair] - pairs[best[0]]);
      const long slot = long(first[pair / few]) * side + second[pair % few];
      sum += weight;
      for (int j = from; j < to; ++j) read[j] += weight * l.slot_values[slot * d + j];
    }
    for (int j = from; j < to; ++j) told_[j] = silu(told_[j]) * read[j] / sum;
    barrier_.wait();
    rows_times(l.slot_out, told_.data(), x_.data(), from, to, d, true);
    barrier_.wait();
  }

  const Shape s_;
  const int threads_;
  Barrier barrier_;
  const int dc_;
  std::vector<Layer> layers_;
  const float *norm_, *head_;
  std::vector<float> x_, projected_, keep_, fused_, qk_, vg_, gates_, recalled_, asked_, scores_,
      told_;                                       // the last three are of slots
  std::vector<std::vector<float>> partial_, scratch_;

  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable called_;
  std::atomic<unsigned> turn_{0};
  bool over_ = false;

  const float* in_ = nullptr;
  const unsigned char* starts_ = nullptr;
  long tokens_ = 0;
  float *state_ = nullptr, *out_ = nullptr, *logits_ = nullptr;
};

}  // namespace

extern "C" {

void* stepper_open(const Shape* shape, const float* const* pointers, int threads) {
  return new Stepper(*shape, pointers, threads);
}

long stepper_state_floats(void* stepper) {
  return static_cast<Stepper*>(stepper)->state_floats();
}

void stepper_read(void* stepper, const float* x, const unsigned char* starts, long tokens,
                  float* state, float* out, float* logits) {
  static_cast<Stepper*>(stepper)->read(x, starts, tokens, state, out, logits);
}

void stepper_close(void* stepper) { delete static_cast<Stepper*>(stepper); }

}  // extern "C"
