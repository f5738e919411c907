/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the benchmarks have in common. A program for each peer says how that peer builds, runs and
 * frees a graph; everything else, above all the graphs, is the same for all of them.
 *
 *   bench-PEER --list            the names of the shapes that the peer can do
 *   bench-PEER SHAPE [SIZE]      measures one of them and prints a line of JSON; times are in
 *                                nanoseconds, memory is in bytes, both for one task
 *
 * SIZE is `full`, `quick` or `tiny`.
 */

typedef enum {
  BENCH_INT,
  BENCH_STRING,
  BENCH_OBJECT,
} BenchKind;

typedef enum {
  BENCH_SUCCEED,
  BENCH_FAIL,    /* task 0 does */
  BENCH_CANCEL,  /* the body of task n / 2 cancels all */
} BenchEnding;

/* Task i needs the results of tasks inputs[first[i]] to inputs[first[i + 1] - 1], all below i. As
 * soon as it is there nobody needs the handles drops[first_drop[i]] to drops[first_drop[i + 1] - 1]
 * any more, as these tasks have got their last dependent. The sinks are those that never get one.
 */
typedef struct
{
  guint        n;
  BenchKind    kind;
  BenchEnding  ending;
  guint       *first;
  guint       *inputs;
  guint       *first_drop;
  guint       *drops;
  guint       *sinks;
  guint        n_sinks;
  gpointer    *handles;  /* n, for the peer */
} BenchGraph;

static inline guint
bench_graph_n_inputs (const BenchGraph *self,
                      guint             i)
{
  return self->first[i + 1] - self->first[i];
}

/* Whether a sink counts as one that has failed. Which have run when it is cancelled halfway depends
 * on the order of the peer, but not for the last quarter.
 */
static inline guint32
bench_graph_count_failed (const BenchGraph *self,
                          guint             sink,
                          gboolean          failed)
{
  return failed && (self->ending != BENCH_CANCEL || sink >= self->n - self->n / 4);
}

/* Values. A task's is its number plus the values of its inputs, without regard to overflow. That is
 * an int, or a string of 8 hexadecimal digits, or an object with a property.
 */

char    *bench_string_new    (guint32     value);
guint32  bench_string_get    (const char *string);

#define BENCH_TYPE_NUMBER (bench_number_get_type ())
G_DECLARE_FINAL_TYPE (BenchNumber, bench_number, BENCH, NUMBER, GObject)

BenchNumber *bench_number_new (guint32      value);
guint32      bench_number_get (BenchNumber *self);

/* What a peer can do. Whatever returns a sum returns the same for all peers. */
typedef struct
{
  const char *name;

  /* Graphs; NULL for a peer that does none. */

  /* Makes all tasks. They need not wait for run. */
  void     (* build)     (BenchGraph *graph);
  /* Runs them. Returns the sum of the values of the sinks; or how many have failed, if some should.
   */
  guint32  (* run)       (BenchGraph *graph);
  /* Frees what is left. */
  void     (* free)      (BenchGraph *graph);
  guint       kinds;     /* one bit for each that it can do */
  guint       endings;
  gboolean    has_loop;  /* it runs in the main context */

  /* The rest is NULL for a peer that has nothing of the kind. */

  /* n tasks with the numbers from 1 on, of which that with the number i creates those with the
   * numbers 2 i and 2 i + 1. Returns the sum of the numbers.
   */
  guint32  (* dynamic)   (guint       n);
  /* n tasks, each in the main context of another thread than the one before, whose value it gets
   * and returns one more. Returns the value of the last.
   */
  guint32  (* ping_pong) (guint       n);
  /* How long it takes, n times, from the callback of an operation of GIO to the body of the task
   * that needs its result: in nanoseconds, to @times.
   */
  void     (* latency)   (guint       n,
                          gint64     *times);
  /* n bodies that compute for some microseconds each, in threads. Their ends are known in the main
   * context.
   */
  void     (* threads)   (guint       n,
                          guint       n_threads,
                          guint       microseconds);
  /* What cannot be had for less, in nanoseconds: n objects, n dispatches, and freeing n objects. */
  void     (* floor)     (guint       n,
                          gint64     *times);
} BenchPeer;

int     bench_main      (int              argc,
                         char            *argv[],
                         const BenchPeer *peer);

/* An iteration of the main context, which may block. */
void    bench_iterate   (void);
/* Iterations until there is nothing to do. */
void    bench_drain     (void);

/* In nanoseconds. */
gint64  bench_now       (void);

/* Computes for so long, by the clock of the thread. */
void    bench_spin      (guint            microseconds);

/* What the measures need of the machine: see machine.c. */
gint64  bench_get_spun      (void);
void    bench_watch_loop    (void);
void    bench_unwatch_loop  (gint64          *longest,
                             gint64          *lateness);
gint64  bench_get_status    (const char      *field);
gint64  bench_reset_peak    (void);
gsize   bench_get_allocated (void);

/* What a peer has in a file of its own, beside that for the graphs. */
guint32 bench_dynamic   (guint            n);
guint32 bench_ping_pong (guint            n);
void    bench_latency   (guint            n,
                         gint64          *times);
void    bench_threads   (guint            n,
                         guint            n_threads,
                         guint            microseconds);

/* Graphs */

typedef struct
{
  const char  *name;
  guint        width[3];  /* for each size */
  guint        depth[3];
  guint        times[3];
  BenchKind    kind;
  BenchEnding  ending;
  void      (* make) (BenchGraph *graph,
                      guint       width,
                      guint       depth);
  gboolean     is_stall;  /* how long the main context is kept counts */
} BenchShape;

extern const BenchShape bench_shapes[];

BenchGraph *bench_graph_new  (const BenchShape *shape,
                              guint             size);
void        bench_graph_free (BenchGraph       *self);

/* Builds, runs and frees it; adds what each took to @times, in nanoseconds. Never inlined: cost.py
 * finds it by its name.
 */
G_NO_INLINE guint32 bench_graph_once (const BenchPeer  *peer,
                                      const BenchShape *shape,
                                      BenchGraph       *graph,
                                      gint64           *times,
                                      gsize            *waiting);

G_END_DECLS
