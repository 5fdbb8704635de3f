/* What this processor can do at best for the two inner loops of a clock-driven simulator.

   limits_new() makes the arrays of CELLS cells with rows of ROW targets on average, one for each
   of SOURCES, of which SPIKES are due in each step on average; limits_measure() writes to out, ns:
   0. one event of  acc[index[i]] += w  on two float64 for each cell, with random 16-bit indices,
      in one go;
   1. one event of  count[index[i]]++  on as many bytes, likewise;
   2. one step of one cell of IF_curr_exp, in float64 with the same operations in the same order
      as pynn_greenmorph/cells/if_curr_exp.py;
   3. one event as in 0 when both take turns, as in a network whose shortest delay is two steps:
      the rows that are due in two steps, random in number and length, then two steps of all cells.
   The first three have nothing of a simulator around them: no rows, no delays, no record of
   spikes. The last has rows, and caches that the other loop has used. Two threads with arrays of
   their own at once tell what two threads can do at best. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { EVENTS = 200000, CELL_STEPS = 4000000 };

struct cells {
    double *a[7]; /* v, i_exc, i_inh, refractory, in_exc, in_inh, injected */
    long n;
};

struct limits {
    struct cells cells;
    uint8_t *count;
    uint16_t *index, *target;
    long *start;
    long sources;
    double spikes;  /* rows due in a step */
    uint64_t state; /* of the random numbers */
    uint64_t clock; /* ticks that reading them takes by itself */
};

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* As the engine does: a clock that waits for all loads before it would cost more than a row. */
static uint64_t ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)now_ns();
#endif
}

static uint64_t draw(uint64_t *state) { /* xorshift64 */
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double fraction(uint64_t *state) { return (double)(draw(state) >> 11) * 0x1p-53; }

static void *block(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

/* The loops stay what is timed, whatever is known about the arguments. */
#define TIMED __attribute__((noinline, noclone)) static

TIMED void deliver(double *restrict acc, const uint16_t *restrict index, long n, double w) {
    for (long i = 0; i < n; i++) acc[index[i]] += w;
}

TIMED void tally(uint8_t *restrict count, const uint16_t *restrict index, long n) {
    for (long i = 0; i < n; i++) count[index[i]]++;
}

TIMED long update(double *restrict v, double *restrict i_exc, double *restrict i_inh,
                  double *restrict refractory, double *restrict in_exc, double *restrict in_inh,
                  const double *restrict injected, long n, const double *c) {
    const double p22 = c[0], p21_exc = c[1], p21_inh = c[2], p20 = c[3], p11_exc = c[4];
    const double p11_inh = c[5], i_offset = c[6], theta = c[7], v_reset = c[8], pause = c[9];
    long spikes = 0;
    for (long i = 0; i < n; i++) {
        double moved = v[i] * p22 + i_exc[i] * p21_exc + i_inh[i] * p21_inh +
                       (i_offset + injected[i]) * p20;
        double left = refractory[i];
        double next = left == 0.0 ? moved : v[i];
        left = left == 0.0 ? left : left - 1.0;
        i_exc[i] = i_exc[i] * p11_exc + in_exc[i];
        i_inh[i] = i_inh[i] * p11_inh + in_inh[i];
        in_exc[i] = 0.0;
        in_inh[i] = 0.0;
        int fired = next >= theta;
        refractory[i] = fired ? pause : left;
        v[i] = fired ? v_reset : next;
        spikes += fired;
    }
    return spikes;
}

/* p22, p21 (exc, inh), p20, p11 (exc, inh), offset, theta, reset (mV from rest), pause: the
   constants of the benchmark's cells at 0.1 ms, to a few digits. */
static const double CONSTANTS[10] = {0.99501247919, 4.938e-4, 4.963e-4, 4.98752e-4, 0.98019867331,
                                     0.99004983375, 0.0,      -1.0,     -11.0,      50.0};

static long step(struct cells *cells) {
    double **a = cells->a;
    return update(a[0], a[1], a[2], a[3], a[4], a[5], a[6], cells->n, CONSTANTS);
}

static void restart(struct limits *l) {
    struct cells *cells = &l->cells;
    for (long i = 0; i < cells->n; i++) {
        cells->a[0][i] = -11.0 + 10.0 * fraction(&l->state);
        cells->a[1][i] = 50.0; /* decays, but not to denormals within the steps */
        cells->a[2][i] = -50.0;
        cells->a[3][i] = cells->a[4][i] = cells->a[5][i] = cells->a[6][i] = 0.0;
    }
}

/* Each source is connected to each cell with the same probability; targets ascend. */
static int make_rows(struct limits *l, double row) {
    long room = (long)(1.1 * (double)l->sources * (row + 100.0)), at = 0;
    double probability = row / (double)l->cells.n;
    l->start = block((size_t)(l->sources + 1) * sizeof *l->start);
    l->target = block((size_t)room * sizeof *l->target);
    if (!l->start || !l->target) return 0;
    for (long i = 0; i < l->sources; i++) {
        l->start[i] = at;
        for (long j = 0; j < l->cells.n; j++)
            if (fraction(&l->state) < probability && at < room) l->target[at++] = (uint16_t)j;
    }
    l->start[l->sources] = at;
    return 1;
}

static void limits_free(struct limits *l) {
    for (int k = 0; k < 7; k++)
        if (k != 5) free(l->cells.a[k]);
    free(l->count), free(l->index), free(l->target), free(l->start), free(l);
}

struct limits *limits_new(long cells, long sources, double row, double spikes) {
    if (cells < 2 || 2 * cells > 65536) return NULL; /* indices have 16 bits */
    struct limits *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->cells.n = cells, l->sources = sources, l->spikes = spikes, l->state = 88172645463325252u;
    int whole = 1;
    for (int k = 0; k < 7; k++) {
        if (k == 5) continue; /* one table, as rows address it */
        l->cells.a[k] = block((size_t)(k == 4 ? 2 * cells : cells) * sizeof(double));
        whole &= l->cells.a[k] != NULL;
    }
    l->count = block((size_t)(2 * cells));
    l->index = block(EVENTS * sizeof *l->index);
    if (!whole || !l->count || !l->index || !make_rows(l, row)) {
        limits_free(l);
        return NULL;
    }
    l->cells.a[5] = l->cells.a[4] + cells;
    for (long i = 0; i < 2 * cells; i++) l->count[i] = 0;
    for (long i = 0; i < EVENTS; i++)
        l->index[i] = (uint16_t)(draw(&l->state) % (uint64_t)(2 * cells));
    l->clock = UINT64_MAX;
    for (int i = 0; i < 100; i++) {
        uint64_t began = ticks(), took = ticks() - began;
        if (took < l->clock) l->clock = took;
    }
    return l;
}

static long some_rows(struct limits *l) { /* Poisson, by products of uniform numbers */
    double least = exp(-l->spikes), product = fraction(&l->state);
    long n = 0;
    for (; product > least; n++) product *= fraction(&l->state);
    return n;
}

static double time_in_turns(struct limits *l, long steps, double *sink) {
    double began_ns = now_ns(), spent = 0.0;
    uint64_t began_ticks = ticks();
    long events = 0, found = 0, row[256];
    restart(l);
    for (long s = 0; s < steps; s += 2) {
        long n = some_rows(l) + some_rows(l);
        if (n > 256) n = 256;
        for (long i = 0; i < n; i++) row[i] = (long)(draw(&l->state) % (uint64_t)l->sources);
        uint64_t began = ticks();
        for (long i = 0; i < n; i++) {
            long first = l->start[row[i]], length = l->start[row[i] + 1] - first;
            deliver(l->cells.a[4], l->target + first, length, 1e-6);
            events += length;
        }
        spent += (double)(ticks() - began) - (double)l->clock;
        found += step(&l->cells) + step(&l->cells);
    }
    *sink += (double)found;
    return spent / (double)events * (now_ns() - began_ns) / (double)(ticks() - began_ticks);
}

/* Returns a number that depends on all that was computed. */
double limits_measure(struct limits *l, double *out) {
    double sink = 0.0, *acc = l->cells.a[4];
    long steps = CELL_STEPS / l->cells.n;
    restart(l);
    deliver(acc, l->index, EVENTS, 0.5);
    double began = now_ns();
    deliver(acc, l->index, EVENTS, 0.5);
    out[0] = (now_ns() - began) / EVENTS;
    tally(l->count, l->index, EVENTS);
    began = now_ns();
    tally(l->count, l->index, EVENTS);
    out[1] = (now_ns() - began) / EVENTS;
    sink += acc[0] + (double)l->count[0];
    restart(l);
    began = now_ns();
    for (long s = 0; s < steps; s++) sink += (double)step(&l->cells);
    out[2] = (now_ns() - began) / ((double)l->cells.n * (double)steps);
    out[3] = time_in_turns(l, steps, &sink);
    return sink;
}
