/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "thread-util.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How late others are for the library's sake, with a million tasks that are ready.
 *
 * How long anything takes is a matter of the machine, so most of this runs in a time of its own, in
 * which it is known: it goes on when a function says so, and when there is nothing to do.
 */

#define FRAME           (G_USEC_PER_SEC / 60)
#define PAUSE           14000                       /* µs */
#define REDRAW_PRIORITY (G_PRIORITY_HIGH_IDLE + 20)

static const guint budgets[] = { 500, 2000, 8000 };

/* In ns, since whenever; 0: time is the real one. */
static gint64 own_time;

/* GLib asks the system here, because a program's own functions go before those of the libraries. */
int
clock_gettime (clockid_t        id,
               struct timespec *time)
{
  if (own_time == 0 || id != CLOCK_MONOTONIC)
    return syscall (SYS_clock_gettime, id, time);

  time->tv_sec = own_time / 1000000000;
  time->tv_nsec = own_time % 1000000000;

  return 0;
}

static void
pass_time (gint64 duration)
{
  own_time += duration * 1000;
}

static int
poll_own_time (GPollFD *fds,
               guint    n_fds,
               int      timeout)
{
  int n = g_poll (fds, n_fds, 0);

  if (n == 0)
    {
      /* Nothing in here waits for anything else. */
      g_assert_cmpint (timeout, >=, 0);
      pass_time (timeout * 1000);
    }

  return n;
}

static void
begin_own_time (void)
{
  own_time = g_get_monotonic_time () * 1000;
  g_main_context_set_poll_func (NULL, poll_own_time);
}

static void
end_own_time (void)
{
  own_time = 0;
  g_main_context_set_poll_func (NULL, g_poll);
}

static gint64
get_cpu_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);

  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* The functions of the tasks, and the dispatches that they are called in */

static guint calls;
static guint dispatches;
static guint calls_in_dispatch;
static guint most_calls;        /* in a dispatch */
static gint64 longest_gap;      /* between two dispatches, in µs */
static gint64 last_call;
static gint64 first_call;       /* of this dispatch */
static guint iterations;
static guint last_iteration;
static int priority;            /* of the source of this dispatch */
static int background_priority;

static void
reset (void)
{
  calls = dispatches = calls_in_dispatch = most_calls = 0;
  longest_gap = last_call = first_call = 0;
  iterations = last_iteration = 0;
}

static void
note_call (void)
{
  gint64 now = g_get_monotonic_time ();

  if (last_iteration != iterations)
    {
      int next = g_source_get_priority (g_main_current_source ());

      g_assert_true (next == G_PRIORITY_DEFAULT || next == background_priority);

      /* All tasks are ready, so that every dispatch but the first follows one that ended early. */
      if (dispatches > 0)
        {
          longest_gap = MAX (longest_gap, now - last_call);
          if (next == G_PRIORITY_DEFAULT)
            g_assert_cmpint (now - last_call, >=, PAUSE);
        }

      last_iteration = iterations;
      priority = next;
      first_call = now;
      dispatches++;
      calls_in_dispatch = 0;
    }

  calls++;
  calls_in_dispatch++;
  most_calls = MAX (most_calls, calls_in_dispatch);
}

static void
timed_body (DagTask  *task,
            gpointer  user_data)
{
  note_call ();
  if (own_time != 0)
    pass_time (GPOINTER_TO_INT (user_data));
  last_call = g_get_monotonic_time ();
  dag_task_return (task);
}

static void
make_tasks (guint n,
            int   duration)
{
  reset ();
  background_priority = dag_context_get_background_priority (NULL);

  for (guint i = 0; i < n; i++)
    g_object_unref (dag_task_new (timed_body, GINT_TO_POINTER (duration), NULL));
}

static void
iterate (void)
{
  iterations++;
  test_iterate ();
}

/* What draws: 60 times in a second, if it can. */
typedef struct {
  GSource *source;
  gint64   due;
  gint64   latest;    /* µs */
  gint64   drawing;   /* µs, in our own time */
  guint    frames;
} Screen;

static gboolean
screen_cb (gpointer user_data)
{
  Screen *self = user_data;
  gint64 now = g_get_monotonic_time ();

  self->frames++;
  self->latest = MAX (self->latest, now - self->due);

  if (own_time != 0)
    pass_time (self->drawing);

  while (self->due <= g_get_monotonic_time ())
    self->due += FRAME;
  g_source_set_ready_time (self->source, self->due);

  return G_SOURCE_CONTINUE;
}

static gboolean
call_back (GSource     *source,
           GSourceFunc  callback,
           gpointer     user_data)
{
  return callback (user_data);
}

static GSourceFuncs screen_funcs = {
  .dispatch = call_back,
};

static void
screen_begin (Screen *self,
              gint64  drawing)
{
  self->source = g_source_new (&screen_funcs, sizeof (GSource));
  self->drawing = drawing;
  self->latest = 0;
  self->frames = 0;
  self->due = g_get_monotonic_time () + FRAME;
  g_source_set_callback (self->source, screen_cb, self, NULL);
  g_source_set_priority (self->source, REDRAW_PRIORITY);
  g_source_set_ready_time (self->source, self->due);
  g_source_attach (self->source, NULL);
}

static void
screen_end (Screen *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
}

static double
in_frames (gint64 duration)
{
  return (double) duration / FRAME;
}

/* How many calls fit in a dispatch: it ends with the first look at the clock that says so, and there
 * is one after every call.
 */
static guint
get_fit (guint budget,
         guint duration)
{
  return (budget + duration - 1) / duration;
}

static void
run_screen (guint  n,
            guint  budget,
            guint  duration,
            gint64 drawing)
{
  Screen screen;
  gint64 length = (gint64) get_fit (budget, duration) * duration;

  dag_context_set_budget (NULL, budget);
  begin_own_time ();
  make_tasks (n, duration);
  screen_begin (&screen, drawing);

  while (calls < n)
    iterate ();

  screen_end (&screen);
  end_own_time ();
  test_drain ();
  dag_context_set_budget (NULL, 2000);

  g_test_message ("%u tasks of %g ms, budget %g ms, drawing %g ms: %u frames, worst lateness %.3f "
                  "frames, longest iteration of tasks %.3f frames",
                  n, duration / 1000.0, budget / 1000.0, drawing / 1000.0, screen.frames,
                  in_frames (screen.latest), in_frames ((gint64) most_calls * duration));

  g_assert_cmpuint (screen.frames, >=, (gint64) n * duration / FRAME / 2);
  g_assert_cmpuint (most_calls * duration, ==, length);

  /* The one that went on when it was due, or the one that came back while something else did. */
  g_assert_cmpint (screen.latest, <=, length);
  g_assert_cmpfloat (in_frames (screen.latest), <, 0.5);
}

static void
test_frames (void)
{
  g_test_summary ("With a million tasks that are ready, a 60 Hz source at the priority of redraws "
                  "waits for one dispatch at most, and that lasts as long as the budget says");

  for (guint i = 0; i < G_N_ELEMENTS (budgets); i++)
    {
      run_screen (test_size (1000000), budgets[i], 1, 4000);
      run_screen (test_size (100000), budgets[i], 70, 4000);

      /* So slow that the tasks come back meanwhile */
      run_screen (test_size (100000), budgets[i], 70, 15000);
    }
}

static void
test_frames_real (void)
{
  guint n = test_size (1000000);
  gint64 longest = 0, longest_wall = 0;
  guint in_background = 0, long_ones = 0;
  Screen screen;

  g_test_summary ("With the machine's own clock and a million tasks that are ready, none is started "
                  "in "
                  "the background once a redraw is due, and otherwise 14 ms after the last at the "
                  "earliest");

  make_tasks (n, 0);
  screen_begin (&screen, 0);

  while (calls < n)
    {
      guint frames = screen.frames;
      guint before = dispatches;
      gint64 begin = g_get_monotonic_time ();
      gint64 cpu = get_cpu_time ();
      gboolean due = begin >= screen.due;

      iterate ();

      cpu = get_cpu_time () - cpu;
      longest = MAX (longest, cpu);
      longest_wall = MAX (longest_wall, g_get_monotonic_time () - begin);
      if (cpu > FRAME / 2)
        long_ones++;

      if (dispatches == before || priority == G_PRIORITY_DEFAULT)
        continue;

      in_background++;
      g_assert_false (due);
      g_assert_cmpuint (screen.frames, ==, frames);
    }

  screen_end (&screen);
  test_drain ();

  g_test_message ("%u tasks, %u dispatches, %u in the background: %u frames, worst lateness %.3f "
                  "frames; longest iteration %.3f frames, %.3f of them at work",
                  n, dispatches, in_background, screen.frames, in_frames (screen.latest),
                  in_frames (longest_wall), in_frames (longest));

  /* The machine may count what it was itself at as our work, now and then. */
  g_assert_cmpuint (long_ones, <=, 1 + dispatches / 100);
}

/* Beside what is always busy */

typedef struct {
  guint turns;
  guint duration;  /* µs, of a turn */
} Busy;

static gboolean
busy_cb (gpointer user_data)
{
  Busy *self = user_data;

  self->turns++;
  pass_time (self->duration);

  return G_SOURCE_CONTINUE;
}

static void
test_busy (void)
{
  guint n = test_size (100000);

  g_test_summary ("Tasks do not starve beside a source of default priority that is always ready, nor "
                  "does that: there is a dispatch every 14 ms");

  for (guint i = 0; i < G_N_ELEMENTS (budgets); i++)
    {
      Busy busy = { 0, 1000 };
      guint id;

      dag_context_set_budget (NULL, budgets[i]);
      begin_own_time ();
      make_tasks (n, 20);
      id = g_idle_add_full (G_PRIORITY_DEFAULT, busy_cb, &busy, NULL);

      while (calls < n)
        iterate ();

      g_source_remove (id);
      end_own_time ();
      test_drain ();

      g_test_message ("%u tasks of 0.02 ms, budget %g ms: %u dispatches, %u turns of the other, "
                      "longest pause %.3f ms",
                      n, budgets[i] / 1000.0, dispatches, busy.turns, longest_gap / 1000.0);

      g_assert_cmpuint (most_calls, ==, budgets[i] / 20);
      g_assert_cmpuint (dispatches, ==, (n + most_calls - 1) / most_calls);
      g_assert_cmpint (longest_gap, <=, PAUSE + busy.duration);
      g_assert_cmpuint (busy.turns, >=, (dispatches - 1) * PAUSE / busy.duration);
    }

  dag_context_set_budget (NULL, 2000);
}

/* Settings */

static void
test_defaults (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_test_summary ("A context has a budget of 2 ms and goes on below the priority of redraws, until "
                  "it "
                  "is set otherwise, and that without regard to others");

  g_assert_cmpuint (dag_context_get_budget (NULL), ==, 2000);
  g_assert_cmpint (dag_context_get_background_priority (NULL), ==, REDRAW_PRIORITY + 1);

  dag_context_set_budget (context, 500);
  dag_context_set_background_priority (context, G_PRIORITY_LOW);
  g_assert_cmpuint (dag_context_get_budget (context), ==, 500);
  g_assert_cmpint (dag_context_get_background_priority (context), ==, G_PRIORITY_LOW);
  g_assert_cmpuint (dag_context_get_budget (NULL), ==, 2000);
  g_assert_cmpint (dag_context_get_background_priority (NULL), ==, REDRAW_PRIORITY + 1);

  g_main_context_push_thread_default (context);
  g_assert_cmpuint (dag_context_get_budget (NULL), ==, 500);
  dag_context_set_budget (NULL, G_MAXUINT);
  dag_context_set_background_priority (NULL, G_MININT);
  g_main_context_pop_thread_default (context);
  g_assert_cmpuint (dag_context_get_budget (context), ==, G_MAXUINT);
  g_assert_cmpint (dag_context_get_background_priority (context), ==, G_MININT);
}

static void
test_no_budget (void)
{
  g_test_summary ("With a budget of 0 a dispatch ends after each call of a function");

  dag_context_set_budget (NULL, 0);
  make_tasks (50, 0);
  while (calls < 50)
    iterate ();
  dag_context_set_budget (NULL, 2000);

  g_assert_cmpuint (most_calls, ==, 1);
  g_assert_cmpuint (dispatches, ==, 50);
  test_drain ();
}

static void
test_no_end (void)
{
  g_test_summary ("With the largest budget everything is done in one dispatch");

  dag_context_set_budget (NULL, G_MAXUINT);
  begin_own_time ();
  make_tasks (1000, 100000);
  while (calls < 1000)
    iterate ();
  end_own_time ();
  dag_context_set_budget (NULL, 2000);

  g_assert_cmpuint (dispatches, ==, 1);
  test_drain ();
}

static void
setting_body (DagTask  *task,
              gpointer  user_data)
{
  timed_body (task, GINT_TO_POINTER (100));
  dag_context_set_budget (dag_task_get_context (task), GPOINTER_TO_UINT (user_data));
}

static void
test_next_dispatch (void)
{
  g_test_summary ("A budget that a function sets is that of the next dispatch");

  begin_own_time ();
  make_tasks (0, 0);
  g_object_unref (dag_task_new (setting_body, GUINT_TO_POINTER (500), NULL));
  for (guint i = 0; i < 100; i++)
    g_object_unref (dag_task_new (timed_body, GINT_TO_POINTER (100), NULL));

  while (dispatches == 0)
    iterate ();
  g_assert_cmpuint (calls, ==, 20);
  iterate ();
  g_assert_cmpuint (dispatches, ==, 2);
  g_assert_cmpuint (calls, ==, 25);

  while (calls < 101)
    iterate ();
  end_own_time ();
  dag_context_set_budget (NULL, 2000);
  test_drain ();
}

static guint
count_idle_turns (int background)
{
  Busy idle = { 0, 10 };
  guint id;

  dag_context_set_background_priority (NULL, background);
  begin_own_time ();
  make_tasks (1000, 100);
  id = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, busy_cb, &idle, NULL);
  while (calls < 1000)
    iterate ();
  g_source_remove (id);
  end_own_time ();
  dag_context_set_background_priority (NULL, REDRAW_PRIORITY + 1);
  test_drain ();

  return idle.turns;
}

static void
test_background (void)
{
  guint turns;

  g_test_summary ("What is less urgent than the background priority waits until the tasks are done, "
                  "what "
                  "is as urgent takes turns, and what is more urgent comes first but for every 14 ms");

  g_assert_cmpuint (count_idle_turns (REDRAW_PRIORITY + 1), ==, 0);

  /* 50 dispatches of 2 ms */
  turns = count_idle_turns (G_PRIORITY_DEFAULT_IDLE);
  g_assert_cmpuint (dispatches, ==, 50);
  g_assert_cmpuint (turns, >=, 35);
  g_assert_cmpuint (turns, <=, 50);

  turns = count_idle_turns (G_PRIORITY_LOW);
  g_assert_cmpuint (dispatches, ==, 50);
  g_assert_cmpuint (turns, ==, 49 * PAUSE / 10);
}

/* From another thread */

static gpointer
set_in_thread (gpointer data)
{
  GMainContext *context = data;

  for (guint i = 0; i < 2000; i++)
    {
      dag_context_set_budget (context, i % 2000);
      dag_context_set_background_priority (context, i % 2 ? G_PRIORITY_LOW : REDRAW_PRIORITY + 1);
      g_assert_cmpuint (dag_context_get_budget (context), ==, i % 2000);
    }
  dag_context_set_budget (context, 250);
  dag_context_set_background_priority (context, G_PRIORITY_LOW);

  return NULL;
}

static void
count_body (DagTask  *task,
            gpointer  user_data)
{
  calls++;
  dag_task_return (task);
}

static void
test_threads (void)
{
  guint n = test_size (100000);
  GThread *thread;

  g_test_summary ("Any thread can set both while tasks are run");

  reset ();
  for (guint i = 0; i < n; i++)
    g_object_unref (dag_task_new (count_body, NULL, NULL));
  thread = g_thread_new ("setter", set_in_thread, g_main_context_default ());

  while (calls < n)
    test_iterate ();
  g_thread_join (thread);
  test_drain ();

  g_assert_cmpuint (dag_context_get_budget (NULL), ==, 250);
  g_assert_cmpint (dag_context_get_background_priority (NULL), ==, G_PRIORITY_LOW);
  dag_context_set_budget (NULL, 2000);
  dag_context_set_background_priority (NULL, REDRAW_PRIORITY + 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-10/fairness/frames", test_frames);
  g_test_add_func ("/promise-10/fairness/frames/real", test_frames_real);
  g_test_add_func ("/promise-10/fairness/busy", test_busy);
  g_test_add_func ("/promise-10/fairness/defaults", test_defaults);
  g_test_add_func ("/promise-10/fairness/no-budget", test_no_budget);
  g_test_add_func ("/promise-10/fairness/no-end", test_no_end);
  g_test_add_func ("/promise-10/fairness/next-dispatch", test_next_dispatch);
  g_test_add_func ("/promise-10/fairness/background", test_background);
  g_test_add_func ("/promise-10/fairness/threads", test_threads);

  return g_test_run ();
}
