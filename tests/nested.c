/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Main loops of the user's inside of callbacks: a modal dialog, a synchronous call of some library. */

#include "test-util.h"

static DagTask *
new_dependent (DagTask *dependency,
               int      value)
{
  return dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (value), NULL, &dependency, 1);
}

/* What a nested main loop has to bring to an end: tasks that are there already, new ones, and new ones
 * again when all of those are over and the main loop had nothing more to do.
 */
static void
nest (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (DagTask) first = dag_task_new (test_body_succeed, GINT_TO_POINTER (1), NULL);
      g_autoptr (DagTask) second = new_dependent (first, 2);
      g_autoptr (DagTask) failing = dag_task_new (test_body_fail, NULL, NULL);

      test_finish (second);
      test_settle (failing);
      g_assert_cmpint (dag_task_get_state (second), ==, DAG_STATE_SUCCEEDED);
      g_assert_error (dag_task_get_error (failing), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    }
}

typedef struct {
  DagTask *dependent;  /* of the task whose callback it is; it has to finish inside */
  guint    n_nested;
} Nest;

static void
nest_here (gpointer data)
{
  Nest *self = data;

  if (self->n_nested++ > 0)
    return;

  if (self->dependent != NULL)
    test_settle (self->dependent);
  nest ();
}

static void
nest_body (DagTask  *task,
           gpointer  user_data)
{
  nest_here (user_data);
  dag_task_return_int (task, 1);
}

static void
return_and_nest_body (DagTask  *task,
                      gpointer  user_data)
{
  dag_task_return_int (task, 1);
  nest_here (user_data);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
}

static void
nest_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  nest_here (user_data);
}

static void
pointer_body (DagTask  *task,
              gpointer  user_data)
{
  dag_task_return_pointer (task, user_data, nest_here);
}

static void
test_function (void)
{
  DagTaskFunc functions[] = { nest_body, return_and_nest_body };

  g_test_summary ("A main loop inside of a function keeps all tasks going but those that need its own, "
                  "before and after it returned");

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      Nest state = { NULL };
      DagTask *other = dag_task_new (test_body_succeed, NULL, NULL);
      DagTask *task = dag_task_new (functions[i], &state, NULL);
      DagTask *dependent = new_dependent (task, 2);

      test_settle (dependent);
      g_assert_cmpuint (state.n_nested, ==, 1);
      g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);
      test_release (dependent);
      test_release (task);
      test_release (other);
    }
}

/* Where a nested main loop has to bring forward the dependents of the very task. */

static DagTask *
new_observed (Nest       *state,
              const char *where)
{
  DagTask *task;

  if (g_str_equal (where, "callback"))
    {
      task = dag_task_new_for_callback (NULL, NULL, nest_cb, state);
      dag_task_return_int (task, 1);
    }
  else if (g_str_equal (where, "data-destroy"))
    {
      task = dag_task_new (test_body_succeed, state, nest_here);
    }
  else
    {
      task = dag_task_new (test_body_succeed, NULL, NULL);

      if (g_str_equal (where, "await"))
        dag_task_await_async (task, NULL, nest_cb, state);
      else if (g_str_equal (where, "settle"))
        dag_task_settle_async (task, NULL, nest_cb, state);
      else
        g_signal_connect_swapped (task, where, G_CALLBACK (nest_here), state);
    }

  return task;
}

static void
test_own_dependents (gconstpointer data)
{
  Nest state = { NULL };
  DagTask *before, *task, *after;

  g_test_summary ("A main loop inside of a callback keeps all tasks going, the dependents of this one "
                  "too");

  before = dag_task_new (test_body_succeed, NULL, NULL);
  task = new_observed (&state, data);
  state.dependent = new_dependent (task, 2);
  after = dag_task_new (test_body_succeed, NULL, NULL);

  test_settle (state.dependent);
  test_settle (task);
  test_settle (after);

  g_assert_cmpuint (state.n_nested, >=, 1);
  g_assert_cmpint (dag_task_get_state (state.dependent), ==, DAG_STATE_SUCCEEDED);
  test_release (after);
  test_release (state.dependent);
  test_release (task);
  test_release (before);
}

static void
test_value_destroy (void)
{
  Nest state = { NULL };
  DagTask *task = dag_task_new (pointer_body, &state, NULL);

  g_test_summary ("A main loop may run while a result is freed");

  test_release (task);
  g_assert_cmpuint (state.n_nested, ==, 1);
}

static void
test_cancelled_handler (void)
{
  Nest state = { NULL };
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("A main loop may run while the cancellable of a task is cancelled");

  g_signal_connect_swapped (dag_task_get_cancellable (task), "cancelled", G_CALLBACK (nest_here),
                            &state);
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_cancel (task);
  test_drain ();
  g_assert_cmpuint (state.n_nested, ==, 1);
  dag_task_return (task);
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  test_release (task);
}

static void
test_waiting_cancelled (void)
{
  Nest state = { NULL };
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("The dependents of a task that never started are skipped by a main loop in the "
                  "handler of its cancellable");

  state.dependent = new_dependent (task, 1);
  g_signal_connect_swapped (dag_task_get_cancellable (task), "cancelled", G_CALLBACK (nest_here),
                            &state);
  dag_task_cancel (task);
  test_settle (state.dependent);
  g_assert_cmpuint (state.n_nested, ==, 1);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (dag_task_get_state (state.dependent), ==, DAG_STATE_SKIPPED);
  test_release (state.dependent);
  test_release (task);
}

/* Every level makes the task whose function is the next. */

typedef struct {
  guint depth;
  guint n_running;
  guint most;
} Tower;

static void
tower_body (DagTask  *task,
            gpointer  user_data)
{
  Tower *tower = user_data;

  tower->n_running++;
  tower->most = MAX (tower->most, tower->n_running);

  if (tower->n_running < tower->depth)
    {
      g_autoptr (DagTask) next = dag_task_new (tower_body, tower, NULL);

      test_settle (next);
      nest ();
    }

  tower->n_running--;
  dag_task_return_int (task, 1);
}

static void
test_tower (void)
{
  Tower tower = { 20 };
  DagTask *task = dag_task_new (tower_body, &tower, NULL);

  g_test_summary ("Main loops can be nested in functions that are called by nested main loops");

  test_settle (task);
  g_assert_cmpuint (tower.most, ==, 20);
  g_assert_cmpuint (tower.n_running, ==, 0);
  test_release (task);
}

static gboolean
return_cb (gpointer user_data)
{
  dag_task_return_int (user_data, 1);

  return G_SOURCE_REMOVE;
}

static void
return_inside_body (DagTask  *task,
                    gpointer  user_data)
{
  g_idle_add (return_cb, task);
  nest_here (user_data);
  test_drain ();
}

static void
test_return_inside (void)
{
  Nest state = { NULL };
  DagTask *task = dag_task_new (return_inside_body, &state, NULL);
  DagTask *dependent = new_dependent (task, 2);

  g_test_summary ("A function may return by a callback of a main loop that runs inside of it");

  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);
  test_release (dependent);
  test_release (task);
}

typedef struct {
  DagTask *victim;
  guint    n_destroyed;
} Inner;

static void
inner_destroy (gpointer data)
{
  ((Inner *) data)->n_destroyed++;
}

static void
cancel_inside_body (DagTask  *task,
                    gpointer  user_data)
{
  Inner *inner = user_data;

  dag_task_cancel (task);
  dag_task_cancel (inner->victim);
  test_finish (inner->victim);
  test_finish (task);

  /* It ended, but this is on the stack still. */
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_get_settled (task));
  g_assert_cmpuint (inner->n_destroyed, ==, 0);
  dag_task_return_int (task, 1);
  test_drain ();
  g_assert_false (dag_task_get_settled (task));
  g_assert_cmpuint (inner->n_destroyed, ==, 0);
}

static void
test_cancel_inside (void)
{
  Inner inner = { NULL };
  DagTask *task = dag_task_new (cancel_inside_body, &inner, inner_destroy);

  g_test_summary ("A task that returns on cancel finishes while its function runs a main loop, and "
                  "settles when that comes back; the data is there until then");

  dag_task_set_return_on_cancel (task, TRUE);
  inner.victim = dag_task_new (test_body_pending, NULL, NULL);
  test_settle (task);
  g_assert_cmpuint (inner.n_destroyed, ==, 1);
  test_release (task);
  test_release (inner.victim);
}

/* A late dispatch inside of another. */

static void
busy_body (DagTask  *task,
           gpointer  user_data)
{
  gint64 end = g_get_monotonic_time () + 500;

  while (g_get_monotonic_time () < end)
    ;
  dag_task_return_int (task, 1);
}

static void
busy_nest_body (DagTask  *task,
                gpointer  user_data)
{
  DagTask *tasks[20];

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = dag_task_new (busy_body, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      test_settle (tasks[i]);
      g_object_unref (tasks[i]);
    }

  dag_task_return_int (task, 1);
}

static void
test_late (void)
{
  DagTask *task = dag_task_new (busy_nest_body, NULL, NULL);
  DagTask *after = dag_task_new (busy_nest_body, NULL, NULL);

  g_test_summary ("A nested main loop that uses up the budget, more than once, comes to its end");

  test_settle (task);
  test_settle (after);
  test_release (after);
  test_release (task);
}

/* In the callback that a task stands for, where nobody has listened to the task so far. */

static void
settled_cb (DagTask    *task,
            GParamSpec *pspec,
            gpointer    user_data)
{
  g_assert_true (dag_task_get_settled (task));
  (*(guint *) user_data)++;
}

static void
listening_callback (GObject      *source,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  DagTask *task = DAG_TASK (result);

  g_signal_connect (task, "notify::settled", G_CALLBACK (settled_cb), user_data);
  test_drain ();
}

static void
test_listening_inside (void)
{
  guint n_settled = 0;
  DagTask *task;

  g_test_summary ("Who begins to listen in a callback, and runs a main loop there, hears that the task "
                  "has settled");

  task = dag_task_new_for_callback (NULL, NULL, listening_callback, &n_settled);
  dag_task_return_boolean (task, TRUE);
  test_drain ();
  g_assert_cmpuint (n_settled, ==, 1);

  test_release (task);
}

int
main (int   argc,
      char *argv[])
{
  static const char * const places[] = {
    "finished", "notify::state", "notify::settled", "await", "settle", "callback", "data-destroy",
  };

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-12/nested/function", test_function);

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_strconcat ("/promise-12/nested/dependents/", places[i], NULL);

      /* A notification of the state comes when the task is ready, and that it starts and what follows
       * is to happen inside, too.
       */
      g_test_add_data_func (path, places[i], test_own_dependents);
    }

  g_test_add_func ("/promise-12/nested/value-destroy", test_value_destroy);
  g_test_add_func ("/promise-12/nested/cancelled-handler", test_cancelled_handler);
  g_test_add_func ("/promise-12/nested/waiting-cancelled", test_waiting_cancelled);
  g_test_add_func ("/promise-12/nested/tower", test_tower);
  g_test_add_func ("/promise-12/nested/return-inside", test_return_inside);
  g_test_add_func ("/promise-9/nested/cancel-inside", test_cancel_inside);
  g_test_add_func ("/promise-10/nested/late", test_late);
  g_test_add_func ("/nested/listening-inside", test_listening_inside);

  return g_test_run ();
}
