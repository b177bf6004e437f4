// Slope and decay of MCSD in one pass over the tokens, with gradients: mixers.read_channels.
//
// The loops over a channel's floats carry nothing from float to float and no two tensors overlap:
// `ivdep` says so to the compiler. Eager torch makes some twenty passes over memory for what is a
// few operations a float. Tensors are float32 and contiguous, but for `both`: (rows, tokens, 2 C,
// value and gate of Dc floats each) with a contiguous last axis and the strides given.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "threads.h"

namespace {

struct Strides { long row, token, head; };

// exp by 2^n and a polynomial (Cephes), as the compiler can put sixteen side by side.
inline float exp_(float x) {
  x = std::min(88.0f, std::max(-87.0f, x));
  const float n = std::floor(x * 1.44269504f + 0.5f);
  x -= n * 0.693359375f;
  x += n * 2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * x + 1.3981999507e-3f;
  y = y * x + 8.3334519073e-3f;
  y = y * x + 4.1665795894e-2f;
  y = y * x + 1.6666665459e-1f;
  y = y * x + 5.0000001201e-1f;
  y = y * x * x + x + 1;
  const int bits = (static_cast<int>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof(power));
  return y * power;
}

inline float sigmoid(float x) { return 1 / (1 + exp_(-x)); }

// Ask for memory that will be read soon.
inline void fetch(const float* at, long floats) {
  for (long j = 0; j < floats; j += 16) __builtin_prefetch(at + j);
}

const float EPSILON = 1e-6f, LEAST = 1e-6f;

}  // namespace

extern "C" {

// `sums` (rows, 2 C, Dc) and `weight` (rows, C) are the state: read, then the last one.
// `kept_sums` and `kept_weight` hold every token's, for the gradient; `present` may be null.
void channels(const float* both, Strides s, const float* log_decay,
              const float* present, const float* gain, float* sums, float* weight,
              float* kept_sums, float* kept_weight, float* out, long rows, long tokens, long C,
              long D, int threads) {
  parallel(rows * C, threads, [&](int, long first, long last) {
    for (long i = first; i < last; ++i) {
      const long b = i / C, c = i % C;
      float *near = sums + (b * 2 * C + c) * D, *far = near + C * D;
      float w = weight[i];
      for (long t = 0; t < tokens; ++t) {
        const long at = b * tokens + t;
        const float *v = both + b * s.row + t * s.token + c * s.head, *u = v + D;
        const float *e = v + C * s.head, *f = e + D;
        const float a = std::exp(log_decay[at * 2 * C + c]);
        const float z = std::exp(log_decay[at * 2 * C + C + c]);
        float *kept_near = kept_sums + ((b * 2 * C + c) * tokens + t) * D;
        float* kept_far = kept_near + C * tokens * D;
        float* y = out + (at * C + c) * 2 * D;
        w = a * w + (present ? present[at] : 1);
        kept_weight[at * C + c] = w;
        const float scale = 1 / std::max(w, LEAST);
        float squares = 0;
#pragma GCC ivdep
        for (long j = 0; j < D; ++j) {
          kept_near[j] = near[j] = a * near[j] + v[j];
          const float x = near[j] * scale;
          y[j] = x * sigmoid(x) * u[j];
          kept_far[j] = far[j] = z * far[j] + e[j];
          squares += far[j] * far[j];
        }
        const float r = 1 / std::sqrt(squares / D + EPSILON);
#pragma GCC ivdep
        for (long j = 0; j < D; ++j) y[D + j] = far[j] * r * gain[j] * sigmoid(f[j]);
      }
      weight[i] = w;
    }
  });
}

// `to_sums` and `to_weight` come with the gradient of the last state, leave with the first's.
// `to_gain` is (threads, Dc), to be summed; `to_both` has the strides `g`.
void channels_back(const float* both, Strides s, const float* log_decay, const float* present,
                   const float* gain, const float* kept_sums, const float* kept_weight,
                   const float* to_out, float* to_both, Strides g, float* to_decay,
                   float* to_gain, float* to_sums, float* to_weight, long rows, long tokens,
                   long C, long D, int threads) {
  parallel(rows * C, threads, [&](int me, long first, long last) {
    float* dgain = to_gain + me * D;
    for (long i = first; i < last; ++i) {
      const long b = i / C, c = i % C;
      float *gnear = to_sums + (b * 2 * C + c) * D, *gfar = gnear + C * D;
      float gw = to_weight[i];
      for (long t = tokens - 1; t >= 0; --t) {
        const long at = b * tokens + t;
        const float *v = both + b * s.row + t * s.token + c * s.head, *u = v + D;
        const float *e = v + C * s.head, *f = e + D;
        float *dv = to_both + b * g.row + t * g.token + c * g.head, *du = dv + D;
        float *de = dv + C * g.head, *df = de + D;
        const float a = std::exp(log_decay[at * 2 * C + c]);
        const float z = std::exp(log_decay[at * 2 * C + C + c]);
        const float* near = kept_sums + ((b * 2 * C + c) * tokens + t) * D;
        const float* far = near + C * tokens * D;
        const float* dy = to_out + (at * C + c) * 2 * D;
        if (t > 1) fetch(dy - 4 * C * D, 2 * D);             // far apart: not foreseen by hardware
        const float w = kept_weight[at * C + c], scale = 1 / std::max(w, LEAST);
        float squares = 0, along = 0, dw = 0, da = 0, dz = 0;
#pragma GCC ivdep
        for (long j = 0; j < D; ++j) squares += far[j] * far[j];
        const float r = 1 / std::sqrt(squares / D + EPSILON);
#pragma GCC ivdep
        for (long j = 0; j < D; ++j) {                       // far: through gate and norm
          const float open = sigmoid(f[j]), x = far[j] * r, dn = dy[D + j] * open;
          de[j] = dn * gain[j];                              // for the next loop
          df[j] = de[j] * x * (1 - open);
          dgain[j] += dn * x;
          along += de[j] * x;
        }
        along /= D;
#pragma GCC ivdep
        for (long j = 0; j < D; ++j) {
          const float x = near[j] * scale, open = sigmoid(x);
          const float dx = dy[j] * u[j] * open * (1 + x * (1 - open));
          du[j] = dy[j] * x * open;
          dw -= dx * x;
          const float now = gnear[j] + dx * scale;
          dv[j] = now;
          da += now * (near[j] - v[j]);
          gnear[j] = a * now;
          const float then = gfar[j] + r * (de[j] - far[j] * r * along);
          de[j] = then;
          dz += then * (far[j] - e[j]);
          gfar[j] = z * then;
        }
        gw += w > LEAST ? dw * scale : 0;
        da += gw * (w - (present ? present[at] : 1));
        gw *= a;
        to_decay[at * 2 * C + c] = da;
        to_decay[at * 2 * C + C + c] = dz;
      }
      to_weight[i] = gw;
    }
  });
}

// x / rms(x) * gain over rows of D floats.
void rms_norm(const float* x, const float* gain, float* out, long rows, long D, int threads) {
  parallel(rows, threads, [&](int, long first, long last) {
    for (long i = first; i < last; ++i) {
      const float* in = x + i * D;
      float* y = out + i * D;
      float squares = 0;
      for (long j = 0; j < D; ++j) squares += in[j] * in[j];
      const float r = 1 / std::sqrt(squares / D + EPSILON);
#pragma GCC ivdep
      for (long j = 0; j < D; ++j) y[j] = in[j] * r * gain[j];
    }
  });
}

// `to_gain` is (threads, D), to be summed.
void rms_norm_back(const float* x, const float* gain, const float* to_out, float* to_x,
                   float* to_gain, long rows, long D, int threads) {
  parallel(rows, threads, [&](int me, long first, long last) {
    float* dgain = to_gain + me * D;
    for (long i = first; i < last; ++i) {
      const float *in = x + i * D, *dy = to_out + i * D;
      float* dx = to_x + i * D;
      float squares = 0, along = 0;
      for (long j = 0; j < D; ++j) squares += in[j] * in[j], along += dy[j] * gain[j] * in[j];
      const float r = 1 / std::sqrt(squares / D + EPSILON), back = along * r * r / D;
#pragma GCC ivdep
      for (long j = 0; j < D; ++j) {
        dgain[j] += dy[j] * in[j] * r;
        dx[j] = r * (dy[j] * gain[j] - in[j] * back);
      }
    }
  });
}

}  // extern "C"
