/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Random tasks, limiters and limits against a model that knows nothing of lines and heaps: it looks at
 * all tasks, again and again, for the first that could start. The seed is always the same, but in a
 * soak test, where it is printed.
 */

#include "test-util.h"

#define N_LIMITERS 4
#define MAX_TASKS  150
#define NOBODY     -1

static GRand *chance;

static int
choose (int from,
        int to)
{
  return g_rand_int_range (chance, from, to);
}

typedef enum {
  WAITING,
  RUNNING,
  DONE,
} ModelState;

typedef struct {
  ModelState state;
  guint      limiters;              /* bits */
  int        priority;
  int        creator;               /* an index, or NOBODY */
  int        lender[N_LIMITERS];    /* whose slot it runs on, or NOBODY */
  int        borrower[N_LIMITERS];  /* who runs on its slot, or NOBODY */
} ModelTask;

typedef struct {
  ModelTask tasks[MAX_TASKS];  /* in the order in which they came */
  int       n_tasks;
  guint     limits[N_LIMITERS];
  guint     used[N_LIMITERS];
} Model;

static gboolean
model_has (Model *self,
           int    task,
           int    limiter)
{
  return (self->tasks[task].limiters & (1u << limiter)) != 0;
}

/* Who has a slot that will do: the nearest of those by whose functions the task was made. */
static int
model_find_lender (Model *self,
                   int    task,
                   int    limiter)
{
  int other = self->tasks[task].creator;

  while (other != NOBODY &&
         !(self->tasks[other].state == RUNNING && model_has (self, other, limiter)))
    other = self->tasks[other].creator;

  return other;
}

static gboolean
model_may_start (Model *self,
                 int    task)
{
  for (int i = 0; i < N_LIMITERS; i++)
    if (model_has (self, task, i) && self->used[i] >= self->limits[i])
      {
        int lender = model_find_lender (self, task, i);

        if (lender == NOBODY || self->tasks[lender].borrower[i] != NOBODY)
          return FALSE;
      }

  return TRUE;
}

static void
model_start (Model *self,
             int    task)
{
  for (int i = 0; i < N_LIMITERS; i++)
    {
      self->tasks[task].lender[i] = self->tasks[task].borrower[i] = NOBODY;
      if (!model_has (self, task, i))
        continue;

      if (self->used[i] < self->limits[i])
        {
          self->used[i]++;
        }
      else
        {
          int lender = model_find_lender (self, task, i);

          self->tasks[task].lender[i] = lender;
          self->tasks[lender].borrower[i] = task;
        }
    }

  self->tasks[task].state = RUNNING;
}

/* Starts whoever may, the most urgent first, and of these who came first. */
static void
model_settle (Model *self)
{
  int best;

  do
    {
      best = NOBODY;
      for (int i = 0; i < self->n_tasks; i++)
        if (self->tasks[i].state == WAITING && model_may_start (self, i) &&
            (best == NOBODY || self->tasks[i].priority < self->tasks[best].priority))
          best = i;

      if (best != NOBODY)
        model_start (self, best);
    }
  while (best != NOBODY);
}

static void
model_end (Model *self,
           int    task)
{
  gboolean was_running = self->tasks[task].state == RUNNING;

  self->tasks[task].state = DONE;

  for (int i = 0; was_running && i < N_LIMITERS; i++)
    if (model_has (self, task, i))
      {
        int lender = self->tasks[task].lender[i];
        int borrower = self->tasks[task].borrower[i];

        if (borrower != NOBODY)
          self->tasks[borrower].lender[i] = lender;
        else if (lender == NOBODY)
          self->used[i]--;
        if (lender != NOBODY)
          self->tasks[lender].borrower[i] = borrower;
      }
}

/* Both */

typedef struct {
  Model       model;
  DagTask    *tasks[MAX_TASKS];
  DagLimiter *limiters[N_LIMITERS];
} World;

static void
world_compare (World *self)
{
  guint n_running[N_LIMITERS] = { 0, }, n_waiting[N_LIMITERS] = { 0, };

  test_drain ();
  model_settle (&self->model);

  for (int i = 0; i < self->model.n_tasks; i++)
    {
      ModelState state = self->model.tasks[i].state;

      g_assert_cmpint (dag_task_get_state (self->tasks[i]) == DAG_STATE_RUNNING, ==,
                       state == RUNNING);
      g_assert_cmpint (dag_task_get_state (self->tasks[i]) == DAG_STATE_READY, ==,
                       state == WAITING);

      for (int j = 0; j < N_LIMITERS; j++)
        if (model_has (&self->model, i, j))
          {
            n_running[j] += state == RUNNING;
            n_waiting[j] += state == WAITING;
          }
    }

  for (int j = 0; j < N_LIMITERS; j++)
    {
      g_assert_cmpuint (dag_limiter_get_n_running (self->limiters[j]), ==, n_running[j]);
      g_assert_cmpuint (dag_limiter_get_n_waiting (self->limiters[j]), ==, n_waiting[j]);
    }
}

/* One that is in a state, or NOBODY. */
static int
world_choose (World      *self,
              ModelState  state)
{
  int n = 0, chosen = NOBODY;

  for (int i = 0; i < self->model.n_tasks; i++)
    if (self->model.tasks[i].state == state && choose (0, ++n) == 0)
      chosen = i;

  return chosen;
}

static void
world_add_task (World *self)
{
  int index = self->model.n_tasks;
  ModelTask *task;

  if (index == MAX_TASKS)
    return;

  task = &self->model.tasks[index];
  task->state = WAITING;
  task->priority = choose (-1, 2);
  task->creator = choose (0, 3) > 0 ? world_choose (self, RUNNING) : NOBODY;
  task->limiters = (guint) choose (0, 1 << N_LIMITERS) &
                   (guint) choose (0, 1 << N_LIMITERS);
  self->model.n_tasks++;

  self->tasks[index] = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_priority (self->tasks[index], task->priority);
  if (task->creator != NOBODY)
    dag_task_set_creator (self->tasks[index], self->tasks[task->creator]);
  for (int i = 0; i < N_LIMITERS; i++)
    if (model_has (&self->model, index, i))
      dag_task_add_limiter (self->tasks[index], self->limiters[i]);
}

static void
world_end_task (World      *self,
                ModelState  state)
{
  int index = world_choose (self, state);

  if (index == NOBODY)
    return;

  if (state == RUNNING)
    dag_task_return (self->tasks[index]);
  else
    dag_task_cancel (self->tasks[index]);
  model_end (&self->model, index);
}

static void
world_set_limit (World *self,
                 guint  limit)
{
  int limiter = choose (0, N_LIMITERS);

  dag_limiter_set_limit (self->limiters[limiter], limit);
  self->model.limits[limiter] = limit;
}

static void
world_set_priority (World *self)
{
  int index = world_choose (self, WAITING);

  if (index == NOBODY)
    return;

  self->model.tasks[index].priority = choose (-1, 2);
  dag_task_set_priority (self->tasks[index], self->model.tasks[index].priority);
}

static void
world_step (World *self)
{
  int what = choose (0, 20);

  if (what < 8)
    world_add_task (self);
  else if (what < 15)
    world_end_task (self, RUNNING);
  else if (what < 17)
    world_end_task (self, WAITING);
  else if (what < 18)
    world_set_priority (self);
  else
    world_set_limit (self, (guint) choose (0, 4));
}

static void
test_world (void)
{
  g_autofree World *self = g_new0 (World, 1);

  for (int i = 0; i < N_LIMITERS; i++)
    {
      self->model.limits[i] = (guint) choose (0, 4);
      self->limiters[i] = dag_limiter_new (self->model.limits[i]);
    }

  for (guint i = 0; i < 400; i++)
    {
      world_step (self);
      world_compare (self);
    }

  /* Nothing is left when all of it may run. */
  for (int i = 0; i < N_LIMITERS; i++)
    {
      dag_limiter_set_limit (self->limiters[i], MAX_TASKS);
      self->model.limits[i] = MAX_TASKS;
      world_compare (self);
    }
  while (world_choose (self, RUNNING) != NOBODY)
    {
      world_end_task (self, RUNNING);
      world_compare (self);
    }
  g_assert_cmpint (world_choose (self, WAITING), ==, NOBODY);

  for (int i = 0; i < self->model.n_tasks; i++)
    test_release (self->tasks[i]);
  for (int i = 0; i < N_LIMITERS; i++)
    g_assert_finalize_object (self->limiters[i]);
}

static void
test_random (void)
{
  guint n = g_test_slow () ? 20000 : test_size (400);

  g_test_summary ("Which tasks of limiters are at work is what a model says, whatever tasks there are, "
                  "inside of which others, and whatever happens to them and to the limits");

  chance = g_rand_new_with_seed (g_test_slow () ? g_test_rand_int () : 1);
  for (guint i = 0; i < n; i++)
    test_world ();
  g_rand_free (chance);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/limiter-random", test_random);

  return g_test_run ();
}
