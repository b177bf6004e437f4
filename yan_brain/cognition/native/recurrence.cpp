// The two recurrences of the core, token by token, with their gradients: see recurrence.py.
//
// A head's state (up to some tens of KB) stays in the first- or second-level cache while its
// tokens stream by, so that a pass over the state costs little more than its arithmetic.
// Tensors are float32 with a contiguous last axis; `Strides` are in floats.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "threads.h"

namespace {

struct Strides { long row, token, head; };

// `FIXED` value floats known to the compiler keep a row of sums in registers; 0: any number.
template <int FIXED, typename Work>
void with_width(Work work) { work(std::integral_constant<int, FIXED>()); }

template <typename Work>
void dispatch(long width, Work work) {
  switch (width) {
    case 1: return with_width<1>(work);
    case 16: return with_width<16>(work);
    case 32: return with_width<32>(work);
    case 64: return with_width<64>(work);
    case 96: return with_width<96>(work);
    case 128: return with_width<128>(work);
    default: return with_width<0>(work);
  }
}

const long SPAN = 32;  // tokens between two saved states of the delta rule

}  // namespace

extern "C" {

// S <- exp(log_decay) S + x; `state` (rows, heads, V) is read and then holds the last S.
void decaying_sum(const float* x, Strides sx, const float* log_decay, Strides sd, float* out,
                  Strides so, float* state, long rows, long tokens, long heads, long width,
                  int threads) {
  dispatch(width, [&](auto fixed) {
    const long V = fixed ? long(fixed) : width;
    parallel(rows * heads, threads, [&](int, long from, long to) {
      for (long i = from; i < to; ++i) {
        const long b = i / heads, h = i % heads;
        float* s = state + i * V;
        for (long t = 0; t < tokens; ++t) {
          const float a = std::exp(log_decay[b * sd.row + t * sd.token + h * sd.head]);
          const float* in = x + b * sx.row + t * sx.token + h * sx.head;
          float* o = out + b * so.row + t * so.token + h * so.head;
          for (long v = 0; v < V; ++v) o[v] = s[v] = a * s[v] + in[v];
        }
      }
    });
  });
}

// `to_state` comes with the gradient of the last state and leaves with that of the first.
void decaying_sum_back(const float* x, Strides sx, const float* log_decay, Strides sd,
                       const float* out, const float* to_out, Strides so, float* to_x,
                       Strides sg, float* to_decay, float* to_state, long rows, long tokens,
                       long heads, long width, int threads) {
  dispatch(width, [&](auto fixed) {
    const long V = fixed ? long(fixed) : width;
    parallel(rows * heads, threads, [&](int, long from, long to) {
      for (long i = from; i < to; ++i) {
        const long b = i / heads, h = i % heads;
        float* g = to_state + i * V;
        for (long t = tokens - 1; t >= 0; --t) {
          const float a = std::exp(log_decay[b * sd.row + t * sd.token + h * sd.head]);
          const float* in = x + b * sx.row + t * sx.token + h * sx.head;
          const float* o = out + b * so.row + t * so.token + h * so.head;
          const float* go = to_out + b * so.row + t * so.token + h * so.head;
          float* gx = to_x + b * sg.row + t * sg.token + h * sg.head;
          float kept = 0;
          for (long v = 0; v < V; ++v) {
            const float now = g[v] + go[v];
            gx[v] = now;
            kept += now * (o[v] - in[v]);
            g[v] = a * now;
          }
          to_decay[(b * tokens + t) * heads + h] = kept;
        }
      }
    });
  });
}

// S <- a S; S <- S + k write (v - S'k)'; out = S'q. q, k, v, decay and write share the layout
// (rows, tokens, heads, .), contiguous. `saved` gets S before every SPAN-th token.
void gated_delta(const float* q, const float* k, const float* v, const float* log_decay,
                 const float* write, float* out, float* state, float* saved, long rows,
                 long tokens, long heads, long K, long width, int threads) {
  const long spans = (tokens + SPAN - 1) / SPAN;
  dispatch(width, [&](auto fixed) {
    const long V = fixed ? long(fixed) : width;
    parallel(rows * heads, threads, [&](int, long from, long to) {
      std::vector<float> buffer(fixed ? 0 : 2 * V);
      float kept[fixed ? 2 * fixed : 1];
      float *error = fixed ? kept : buffer.data(), *read = error + V;
      for (long i = from; i < to; ++i) {
        const long b = i / heads, h = i % heads;
        float* S = state + i * K * V;
        for (long t = 0; t < tokens; ++t) {
          const long at = (b * tokens + t) * heads + h;
          const float *qt = q + at * K, *kt = k + at * K, *vt = v + at * V;
          const float a = std::exp(log_decay[at]);
          if (saved && t % SPAN == 0)
            std::memcpy(saved + (i * spans + t / SPAN) * K * V, S, K * V * sizeof(float));
          for (long j = 0; j < V; ++j) error[j] = read[j] = 0;
          for (long r = 0; r < K; ++r)
            for (long j = 0; j < V; ++j) error[j] += kt[r] * S[r * V + j];
          for (long j = 0; j < V; ++j) error[j] = write[at] * (vt[j] - a * error[j]);
          for (long r = 0; r < K; ++r)
            for (long j = 0; j < V; ++j) {
              const float s = a * S[r * V + j] + kt[r] * error[j];
              S[r * V + j] = s;
              read[j] += qt[r] * s;
            }
          std::memcpy(out + at * V, read, V * sizeof(float));
        }
      }
    });
  });
}

// Gradients of `gated_delta`. With G the gradient of S after a token (its read included),
// w = write e and e = v - a S'k:  dw = G'k, de = write dw, G before = a (G - k de').
void gated_delta_back(const float* q, const float* k, const float* v, const float* log_decay,
                      const float* write, const float* saved, const float* to_out, float* to_q,
                      float* to_k, float* to_v, float* to_decay, float* to_write,
                      float* to_state, long rows, long tokens, long heads, long K, long width,
                      int threads) {
  const long spans = (tokens + SPAN - 1) / SPAN;
  dispatch(width, [&](auto fixed) {
    const long V = fixed ? long(fixed) : width;
    parallel(rows * heads, threads, [&](int, long from, long to) {
      std::vector<float> states((SPAN + 1) * K * V), errors(SPAN * V), scratch(V);
      for (long i = from; i < to; ++i) {
        const long b = i / heads, h = i % heads;
        float* G = to_state + i * K * V;
        float* dw = scratch.data();
        for (long span = spans - 1; span >= 0; --span) {
          const long first = span * SPAN, last = std::min(tokens, first + SPAN);
          std::memcpy(states.data(), saved + (i * spans + span) * K * V, K * V * sizeof(float));
          for (long t = first; t < last; ++t) {  // the states again, this time kept
            const long at = (b * tokens + t) * heads + h;
            const float *kt = k + at * K, *S = states.data() + (t - first) * K * V;
            const float a = std::exp(log_decay[at]);
            float *next = states.data() + (t - first + 1) * K * V;
            float *e = errors.data() + (t - first) * V;
            for (long j = 0; j < V; ++j) e[j] = 0;
            for (long r = 0; r < K; ++r)
              for (long j = 0; j < V; ++j) e[j] += kt[r] * S[r * V + j];
            for (long j = 0; j < V; ++j) e[j] = v[at * V + j] - a * e[j];
            for (long r = 0; r < K; ++r)
              for (long j = 0; j < V; ++j)
                next[r * V + j] = a * S[r * V + j] + kt[r] * write[at] * e[j];
          }
          for (long t = last - 1; t >= first; --t) {
            const long at = (b * tokens + t) * heads + h;
            const float *qt = q + at * K, *kt = k + at * K, *go = to_out + at * V;
            const float* S = states.data() + (t - first) * K * V;
            const float* next = S + K * V;
            const float* e = errors.data() + (t - first) * V;
            const float a = std::exp(log_decay[at]), w = write[at];
            for (long j = 0; j < V; ++j) dw[j] = 0;
            for (long r = 0; r < K; ++r) {
              float dq = 0, dk = 0;
              for (long j = 0; j < V; ++j) {
                const float g = G[r * V + j] + qt[r] * go[j];
                G[r * V + j] = g;
                dq += next[r * V + j] * go[j];
                dk += g * e[j];
                dw[j] += kt[r] * g;
              }
              to_q[at * K + r] = dq;
              to_k[at * K + r] = w * dk;
            }
            float db = 0, da = 0;
            for (long j = 0; j < V; ++j) {
              db += dw[j] * e[j];
              dw[j] *= w;
              to_v[at * V + j] = dw[j];
            }
            for (long r = 0; r < K; ++r) {
              float dk = 0;
              for (long j = 0; j < V; ++j) {
                const float before = a * (G[r * V + j] - kt[r] * dw[j]);
                dk += S[r * V + j] * dw[j];
                da += S[r * V + j] * before;
                G[r * V + j] = before;
              }
              to_k[at * K + r] -= a * dk;
            }
            to_write[at] = db;
            to_decay[at] = da;
          }
        }
      }
    });
  });
}

}  // extern "C"
