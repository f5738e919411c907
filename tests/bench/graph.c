/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <string.h>

/* The shapes, once for all peers. */

static void
add_task (BenchGraph *self)
{
  self->n++;
  self->first[self->n] = self->first[self->n - 1];
}

static void
add_input (BenchGraph *self,
           guint       input)
{
  self->inputs[self->first[self->n]++] = input;
}

static void
make_room (BenchGraph *self,
           guint       n_tasks,
           guint       n_inputs)
{
  self->first = g_new0 (guint, n_tasks + 1);
  self->inputs = g_new0 (guint, n_inputs);
}

/* Every task needs the one before in its column. */
static void
make_chains (BenchGraph *self,
             guint       width,
             guint       depth)
{
  make_room (self, width * depth, width * depth);

  for (guint i = 0; i < width * depth; i++)
    {
      add_task (self);
      if (i >= width)
        add_input (self, i - width);
    }
}

/* Every task needs three of the layer before, at random. */
static void
make_layers (BenchGraph *self,
             guint       width,
             guint       depth)
{
  guint32 seed = 1;

  make_room (self, width * depth, 3 * width * depth);

  for (guint i = 0; i < width * depth; i++)
    {
      add_task (self);
      for (guint j = 0; j < 3 && i >= width; j++)
        {
          seed = seed * 69069 + 5;
          add_input (self, i / width * width - width + (guint) (((guint64) seed * width) >> 32));
        }
    }
}

/* One task that all others need; and, if the depth is 3, one that needs all of these. */
static void
make_fan (BenchGraph *self,
          guint       width,
          guint       depth)
{
  make_room (self, width + 2, 2 * width);

  add_task (self);
  for (guint i = 1; i <= width; i++)
    {
      add_task (self);
      add_input (self, 0);
    }
  if (depth == 3)
    {
      add_task (self);
      for (guint i = 1; i <= width; i++)
        add_input (self, i);
    }
}

/* One task that all of a layer need, which is gathered in groups, and these by one. So everything is
 * ready at once, and nothing but the library has to do with very many at a time.
 */
static void
make_funnel (BenchGraph *self,
             guint       width,
             guint       group)
{
  guint n_groups = width / group;

  make_room (self, width + n_groups + 2, 2 * width + n_groups);

  add_task (self);
  for (guint i = 1; i <= width; i++)
    {
      add_task (self);
      add_input (self, 0);
    }
  for (guint i = 0; i < n_groups; i++)
    {
      add_task (self);
      for (guint j = 1; j <= group; j++)
        add_input (self, i * group + j);
    }
  add_task (self);
  for (guint i = 1; i <= n_groups; i++)
    add_input (self, width + i);
}

/* Every task but the leaves needs two, down to one. */
static void
make_reduction (BenchGraph *self,
                guint       width,
                guint       depth)
{
  make_room (self, 2 * width - 1, 2 * width);

  for (guint i = 0; i < 2 * width - 1; i++)
    {
      add_task (self);
      if (i >= width)
        {
          add_input (self, 2 * (i - width));
          add_input (self, 2 * (i - width) + 1);
        }
    }
}

/* Ten tasks: one, four that need it, four that need two of these, and one that needs those. */
static void
make_ten (BenchGraph *self,
          guint       width,
          guint       depth)
{
  make_room (self, 10, 16);

  add_task (self);
  for (guint i = 1; i < 5; i++)
    {
      add_task (self);
      add_input (self, 0);
    }
  for (guint i = 5; i < 9; i++)
    {
      add_task (self);
      add_input (self, i - 4);
      add_input (self, i % 4 + 1);
    }
  add_task (self);
  for (guint i = 5; i < 9; i++)
    add_input (self, i);
}

#define M 1000000

const BenchShape bench_shapes[] = {
  /*                 full   quick   tiny     full   quick  tiny    full   quick tiny */
  { "chain",      { 1,      1,      1 },   { M,     M / 10, 100 }, { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_chains },
  { "layers",     { 1000,   1000,   10 },  { 1000,  100,   10 },   { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_layers },
  { "strings",    { 1000,   1000,   10 },  { 1000,  100,   10 },   { 1, 1, 1 },
    BENCH_STRING, BENCH_SUCCEED, make_layers },
  { "objects",    { 1000,   1000,   10 },  { 1000,  100,   10 },   { 1, 1, 1 },
    BENCH_OBJECT, BENCH_SUCCEED, make_layers },
  { "failure",    { 1000,   1000,   10 },  { 1000,  100,   10 },   { 1, 1, 1 },
    BENCH_INT,    BENCH_FAIL,    make_layers },
  { "cancelled",  { 1000,   1000,   10 },  { 1000,  100,   10 },   { 1, 1, 1 },
    BENCH_INT,    BENCH_CANCEL,  make_layers },
  { "one-to-one", { 1,      1,      1 },   { M / 10, M / 10, 100 }, { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_chains },
  { "fan-out",    { M / 10, M / 10, 100 }, { 2,     2,     2 },    { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_fan },
  { "fan",        { M / 10, M / 10, 100 }, { 3,     3,     3 },    { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_fan },
  { "reduction",  { M,      M / 10, 100 }, { 1,     1,     1 },    { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_reduction },
  { "short",      { 1,      1,      1 },   { 1,     1,     1 },    { M / 10, M / 100, 10 },
    BENCH_INT,    BENCH_SUCCEED, make_ten },
  { "leak",       { 1000,   1000,   10 },  { 100,   100,   10 },   { 100, 10, 2 },
    BENCH_INT,    BENCH_SUCCEED, make_layers },
  /* Small, for tests/bench/cost.py. */
  { "cost",       { 1000,   1000,   10 },  { 30,    30,    10 },   { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_layers },
  { "stall",      { M,      M / 10, 100 }, { 1000,  1000,  10 },   { 1, 1, 1 },
    BENCH_INT,    BENCH_SUCCEED, make_funnel, TRUE },
  { NULL }
};

/* Whoever is the last to need a task's handle. */
static void
find_drops (BenchGraph *self)
{
  g_autofree guint *last = g_new0 (guint, self->n);
  guint n_drops = 0;

  self->first_drop = g_new0 (guint, self->n + 1);
  self->drops = g_new0 (guint, self->n);
  self->sinks = g_new0 (guint, self->n);

  for (guint i = 0; i < self->n; i++)
    for (guint j = self->first[i]; j < self->first[i + 1]; j++)
      last[self->inputs[j]] = i;

  for (guint i = 0; i < self->n; i++)
    {
      self->first_drop[i] = n_drops;
      for (guint j = self->first[i]; j < self->first[i + 1]; j++)
        {
          guint input = self->inputs[j];

          /* A task can be an input more than once. */
          if (last[input] == i)
            {
              self->drops[n_drops++] = input;
              last[input] = G_MAXUINT;
            }
        }
      if (last[i] == 0)
        self->sinks[self->n_sinks++] = i;
    }
  self->first_drop[self->n] = n_drops;
}

BenchGraph *
bench_graph_new (const BenchShape *shape,
                 guint             size)
{
  BenchGraph *self = g_new0 (BenchGraph, 1);

  self->kind = shape->kind;
  self->ending = shape->ending;
  shape->make (self, shape->width[size], shape->depth[size]);
  find_drops (self);

  /* Here already, so that it does not count as the peer's memory. */
  self->handles = g_new (gpointer, self->n);
  memset (self->handles, 0, self->n * sizeof (gpointer));

  return self;
}

void
bench_graph_free (BenchGraph *self)
{
  g_free (self->first);
  g_free (self->inputs);
  g_free (self->first_drop);
  g_free (self->drops);
  g_free (self->sinks);
  g_free (self->handles);
  g_free (self);
}
