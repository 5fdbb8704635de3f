/* What this processor can do at best for the two inner loops of a clock-driven simulator.

   limits TABLE INDICES CELLS STEPS REPEATS ROW SPIKES prints four times in ns, medians over the
   repeats:
   - one event of  acc[index[i]] += w  on TABLE float64 with random 16-bit indices, in one go;
   - one event of  count[index[i]]++  on TABLE bytes, likewise;
   - one step of one cell of IF_curr_exp, in float64 with the same operations in the same order
     as pynn_greenmorph/cells/if_curr_exp.py;
   - one event when both take turns, as in a network: SPIKES rows of ROW ascending targets, taken
     at random from a row for each of CELLS cells, then a step of all cells. The steps alone are
     timed beside, and taken off.
   The first three have nothing of a simulator around them: no rows, no delays, no record of
   spikes. The last has rows, and caches that the other loop has used. Two copies of the
   program at once tell what two threads can do at best. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static uint64_t state = 88172645463325252u;

static uint64_t draw(void) { /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

static void *block(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!memory) exit(2);
    return memory;
}

/* noinline: the loops stay what is timed, whatever is known about the arguments. */
__attribute__((noinline)) static void deliver(double *restrict acc, const uint16_t *restrict index,
                                              long n, double w) {
    for (long i = 0; i < n; i++) acc[index[i]] += w;
}

__attribute__((noinline)) static void tally(uint8_t *restrict count, const uint16_t *restrict index,
                                            long n) {
    for (long i = 0; i < n; i++) count[index[i]]++;
}

__attribute__((noinline)) static long update(double *restrict v, double *restrict i_exc,
                                             double *restrict i_inh, double *restrict refractory,
                                             double *restrict in_exc, double *restrict in_inh,
                                             const double *restrict injected, long n,
                                             const double *c) {
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

static double time_delivery(long table, long events, int repeats, double *sink) {
    double *acc = block((size_t)table * sizeof *acc), *times = block((size_t)repeats * sizeof *times);
    uint16_t *index = block((size_t)events * sizeof *index);
    for (long i = 0; i < table; i++) acc[i] = 0.0;
    for (long i = 0; i < events; i++) index[i] = (uint16_t)(draw() % (uint64_t)table);
    deliver(acc, index, events, 0.5);
    for (int r = 0; r < repeats; r++) {
        double began = now_ns();
        deliver(acc, index, events, 0.5);
        times[r] = (now_ns() - began) / (double)events;
    }
    *sink += acc[0];
    return median(times, repeats);
}

static double time_tally(long table, long events, int repeats, double *sink) {
    uint8_t *count = block((size_t)table);
    double *times = block((size_t)repeats * sizeof *times);
    uint16_t *index = block((size_t)events * sizeof *index);
    for (long i = 0; i < table; i++) count[i] = 0;
    for (long i = 0; i < events; i++) index[i] = (uint16_t)(draw() % (uint64_t)table);
    tally(count, index, events);
    for (int r = 0; r < repeats; r++) {
        double began = now_ns();
        tally(count, index, events);
        times[r] = (now_ns() - began) / (double)events;
    }
    *sink += (double)count[0];
    return median(times, repeats);
}

/* p22, p21 (exc, inh), p20, p11 (exc, inh), offset, theta, reset (mV from rest), pause: the
   constants of the benchmark's cells at 0.1 ms, to a few digits. */
static const double CONSTANTS[10] = {0.99501247919, 4.938e-4, 4.963e-4, 4.98752e-4, 0.98019867331,
                                     0.99004983375, 0.0,      -1.0,     -11.0,      50.0};

struct cells {
    double *a[7]; /* v, i_exc, i_inh, refractory, in_exc, in_inh, injected */
    long n;
};

static struct cells new_cells(long n) {
    struct cells cells = {.n = n};
    for (int k = 0; k < 4; k++) cells.a[k] = block((size_t)n * sizeof(double));
    cells.a[4] = block(2 * (size_t)n * sizeof(double)); /* one table, as rows address it */
    cells.a[5] = cells.a[4] + n;
    cells.a[6] = block((size_t)n * sizeof(double));
    return cells;
}

static void restart(struct cells *cells) {
    for (long i = 0; i < cells->n; i++) {
        cells->a[0][i] = -11.0 + 10.0 * (double)(draw() >> 11) * 0x1p-53;
        cells->a[1][i] = 50.0; /* decays, but not to denormals within the steps */
        cells->a[2][i] = -50.0;
        cells->a[3][i] = cells->a[4][i] = cells->a[5][i] = cells->a[6][i] = 0.0;
    }
}

static long step(struct cells *cells) {
    double **a = cells->a;
    return update(a[0], a[1], a[2], a[3], a[4], a[5], a[6], cells->n, CONSTANTS);
}

static double time_update(long n, long steps, int repeats, double *sink) {
    struct cells cells = new_cells(n);
    double *times = block((size_t)repeats * sizeof *times);
    long spikes = 0;
    for (int r = 0; r < repeats; r++) {
        restart(&cells);
        double began = now_ns();
        for (long s = 0; s < steps; s++) spikes += step(&cells);
        times[r] = (now_ns() - began) / ((double)n * (double)steps);
    }
    *sink += (double)spikes;
    return median(times, repeats);
}

static int by_index(const void *a, const void *b) {
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static double time_in_turns(long n, long steps, int repeats, long row, long spikes, double *sink) {
    struct cells cells = new_cells(n);
    double *times = block((size_t)repeats * sizeof *times);
    uint16_t *rows = block((size_t)(n * row) * sizeof *rows);
    long *source = block((size_t)(steps * spikes) * sizeof *source);
    for (long i = 0; i < n; i++) {
        for (long j = 0; j < row; j++) rows[i * row + j] = (uint16_t)(draw() % (uint64_t)n);
        qsort(rows + i * row, (size_t)row, sizeof *rows, by_index);
    }
    long found = 0;
    for (int r = 0; r < repeats; r++) {
        double spent[2];
        for (long i = 0; i < steps * spikes; i++) source[i] = (long)(draw() % (uint64_t)n);
        for (int with_rows = 0; with_rows < 2; with_rows++) {
            restart(&cells);
            double began = now_ns();
            for (long s = 0; s < steps; s++) {
                for (long i = 0; with_rows && i < spikes; i++)
                    deliver(cells.a[4], rows + source[s * spikes + i] * row, row, 1e-6);
                found += step(&cells);
            }
            spent[with_rows] = now_ns() - began;
        }
        times[r] = (spent[1] - spent[0]) / ((double)steps * (double)(spikes * row));
    }
    *sink += (double)found;
    return median(times, repeats);
}

int main(int argc, char **argv) {
    if (argc != 8) return 1;
    long table = atol(argv[1]), events = atol(argv[2]), cells = atol(argv[3]), steps = atol(argv[4]);
    int repeats = atoi(argv[5]);
    long row = atol(argv[6]), spikes = atol(argv[7]);
    if (table > 65536 || cells > 65536) return 1; /* indices have 16 bits */
    double sink = 0.0;
    double delivery = time_delivery(table, events, repeats, &sink);
    double counting = time_tally(table, events, repeats, &sink);
    double update_ns = time_update(cells, steps, repeats, &sink);
    double in_turns = time_in_turns(cells, steps, repeats, row, spikes, &sink);
    printf("{\"event_ns\": %.6f, \"count_ns\": %.6f, \"update_ns\": %.6f, \"turns_event_ns\": %.6f, \"sink\": %g}\n",
           delivery, counting, update_ns, in_turns, sink);
    return 0;
}
