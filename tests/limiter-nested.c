/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tasks of a limiter that are made inside of one of its tasks: that can never come to a standstill. */

#include "thread-util.h"

/* A function that makes others like it, waits for all of them and returns how many there were. */
typedef struct {
  DagLimiter *limiter;
  guint       width;
  gint        n_inside;      /* atomic */
  gint        max_inside;    /* atomic */
  gboolean    unlimited;     /* every other level has no limiter */
} Tree;

typedef struct {
  Tree  *tree;
  guint  depth;
} Level;

static void level_body (DagTask  *task,
                        gpointer  user_data);

static DagTask *
new_level (Tree  *tree,
           guint  depth)
{
  Level *level = g_new (Level, 1);
  DagTask *task;

  level->tree = tree;
  level->depth = depth;
  task = dag_task_new (level_body, level, g_free);
  if (!tree->unlimited || depth % 2 == 0)
    dag_task_set_limiter (task, tree->limiter);

  return task;
}

static void
sum_body (DagTask  *task,
          gpointer  user_data)
{
  guint sum = 1;

  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += dag_task_get_argument_uint (task, i);
  dag_task_return_uint (task, sum);
}

static void
level_body (DagTask  *task,
            gpointer  user_data)
{
  Level *level = user_data;
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (DagTask) sum = NULL;

  for (guint i = 0; level->depth > 0 && i < level->tree->width; i++)
    g_ptr_array_add (inputs, new_level (level->tree, level->depth - 1));

  sum = dag_task_new_with_inputs (sum_body, NULL, NULL, (DagTask **) inputs->pdata, inputs->len);
  dag_task_set_limiter (sum, level->tree->limiter);
  dag_task_return_task (task, sum);
}

static guint
tree_size (guint width,
           guint depth)
{
  return depth == 0 ? 1 : 1 + width * tree_size (width, depth - 1);
}

static void
test_tree (void)
{
  g_test_summary ("Promise 12: functions that wait for what they make under their own limiter end, "
                  "whatever the limit, and also with levels in between that have none");

  for (guint limit = 1; limit <= 4; limit++)
    for (guint width = 1; width <= 3; width++)
      for (int unlimited = FALSE; unlimited <= TRUE; unlimited++)
        {
          Tree tree = { dag_limiter_new (limit), .width = width, .unlimited = unlimited };
          guint depth = width == 1 ? 50 : 5;
          DagTask *root = new_level (&tree, depth);

          test_settle (root);
          g_assert_cmpint (dag_task_get_state (root), ==, DAG_STATE_SUCCEEDED);
          g_assert_cmpuint (g_value_get_uint (dag_task_get_value (root)), ==,
                            tree_size (width, depth));
          test_release (root);
          g_assert_cmpuint (dag_limiter_get_n_running (tree.limiter), ==, 0);
          g_assert_finalize_object (tree.limiter);
        }
}

static void
close_limiter_cb (DagLimiter *limiter)
{
  dag_limiter_set_limit (limiter, 0);
}

static void
test_limit_zero (void)
{
  Tree tree = { dag_limiter_new (1), .width = 2 };
  DagTask *root = new_level (&tree, 6);

  g_test_summary ("What is at work goes on with a limit of 0, with all that it makes");

  g_signal_connect_swapped (root, "started", G_CALLBACK (close_limiter_cb), tree.limiter);
  test_settle (root);
  g_assert_cmpuint (dag_limiter_get_limit (tree.limiter), ==, 0);
  g_assert_cmpuint (g_value_get_uint (dag_task_get_value (root)), ==, tree_size (2, 6));
  test_release (root);
  g_assert_finalize_object (tree.limiter);
}

/* One at a time */

typedef struct {
  DagLimiter *limiter;
  GPtrArray  *made;   /* (element-type DagTask) */
  guint       n;
} Maker;

static void
make_pending (DagTask  *task,
              gpointer  user_data)
{
  Maker *maker = user_data;

  for (guint i = 0; i < maker->n; i++)
    {
      DagTask *made = dag_task_new (test_body_pending, NULL, NULL);

      dag_task_set_limiter (made, maker->limiter);
      g_ptr_array_add (maker->made, made);
    }
}

static guint
count_running (GPtrArray *tasks)
{
  guint n = 0;

  for (guint i = 0; i < tasks->len; i++)
    n += dag_task_get_state (g_ptr_array_index (tasks, i)) == DAG_STATE_RUNNING;

  return n;
}

static void
return_made (Maker *maker,
             guint  index)
{
  DagTask *task = g_ptr_array_index (maker->made, index);

  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  dag_task_return (task);
  test_settle (task);
}

static void
maker_clear (Maker *maker)
{
  for (guint i = 0; i < maker->made->len; i++)
    test_release (g_ptr_array_index (maker->made, i));
  g_ptr_array_unref (maker->made);
  g_assert_cmpuint (dag_limiter_get_n_running (maker->limiter), ==, 0);
  g_assert_cmpuint (dag_limiter_get_n_waiting (maker->limiter), ==, 0);
  g_assert_finalize_object (maker->limiter);
}

static void
test_one_at_a_time (void)
{
  Maker maker = { dag_limiter_new (2), g_ptr_array_new (), .n = 5 };
  DagTask *outer = dag_task_new (make_pending, &maker, NULL);

  g_test_summary ("Promise 12: what a function makes runs on slots that are free, and one at a time on "
                  "the slot of the function");

  dag_task_set_limiter (outer, maker.limiter);
  test_drain ();

  /* One has the second slot, one that of the outer task. */
  g_assert_cmpuint (count_running (maker.made), ==, 2);
  g_assert_cmpuint (dag_limiter_get_n_running (maker.limiter), ==, 3);
  return_made (&maker, 1);
  g_assert_cmpuint (count_running (maker.made), ==, 2);
  return_made (&maker, 0);
  g_assert_cmpuint (count_running (maker.made), ==, 2);

  /* The outer one ends: one of the two has its slot now, and there is no third. */
  dag_task_return (outer);
  test_settle (outer);
  g_assert_cmpuint (count_running (maker.made), ==, 2);
  return_made (&maker, 2);
  g_assert_cmpuint (count_running (maker.made), ==, 2);
  return_made (&maker, 3);
  g_assert_cmpuint (count_running (maker.made), ==, 1);
  return_made (&maker, 4);

  test_release (outer);
  maker_clear (&maker);
}

static void
test_others_wait (void)
{
  Maker maker = { dag_limiter_new (1), g_ptr_array_new (), .n = 2 };
  DagTask *outer = dag_task_new (make_pending, &maker, NULL);
  DagTask *other = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Who was not made by it does not run on the slot of a function, however urgent");

  dag_task_set_limiter (outer, maker.limiter);
  dag_task_set_limiter (other, maker.limiter);
  dag_task_set_priority (outer, -20);
  test_drain ();
  dag_task_set_priority (other, -10);
  test_drain ();
  g_assert_cmpuint (count_running (maker.made), ==, 1);
  g_assert_cmpint (dag_task_get_state (other), ==, DAG_STATE_READY);

  return_made (&maker, 0);
  g_assert_cmpuint (count_running (maker.made), ==, 1);
  return_made (&maker, 1);
  g_assert_cmpint (dag_task_get_state (other), ==, DAG_STATE_READY);

  /* Not before it has ended. */
  dag_task_return (outer);
  test_settle (outer);
  g_assert_cmpint (dag_task_get_state (other), ==, DAG_STATE_RUNNING);
  dag_task_return (other);

  test_release (other);
  test_release (outer);
  maker_clear (&maker);
}

static void
test_left_behind (void)
{
  Maker maker = { dag_limiter_new (1), g_ptr_array_new (), .n = 3 };
  DagTask *outer = dag_task_new (make_pending, &maker, NULL);
  DagTask *earlier = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("What is left behind by a function that has returned waits with all others, in the "
                  "order in which all of them came");

  dag_task_set_limiter (outer, maker.limiter);
  dag_task_set_limiter (earlier, maker.limiter);
  test_drain ();
  return_made (&maker, 0);
  dag_task_return (outer);
  test_settle (outer);

  /* It had the slot of the outer one, which is its own now. */
  g_assert_cmpuint (count_running (maker.made), ==, 1);
  g_assert_cmpint (dag_task_get_state (earlier), ==, DAG_STATE_READY);
  return_made (&maker, 1);
  g_assert_cmpint (dag_task_get_state (earlier), ==, DAG_STATE_RUNNING);
  g_assert_cmpuint (count_running (maker.made), ==, 0);
  dag_task_return (earlier);
  test_settle (earlier);
  return_made (&maker, 2);

  test_release (earlier);
  test_release (outer);
  maker_clear (&maker);
}

/* Callbacks */

static void
test_creator (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *outer = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *between, *inner;

  g_test_summary ("A callback says itself by which function a task was made, also of one that has no "
                  "limiter");

  dag_task_set_limiter (outer, limiter);
  test_drain ();

  between = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_creator (between, outer);
  inner = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_limiter (inner, limiter);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (between), ==, DAG_STATE_RUNNING);
  g_assert_cmpint (dag_task_get_state (inner), ==, DAG_STATE_READY);

  /* It waits for a slot already. */
  dag_task_set_creator (inner, between);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (inner), ==, DAG_STATE_RUNNING);

  dag_task_return (inner);
  dag_task_return (between);
  dag_task_return (outer);
  test_release (inner);
  test_release (between);
  test_release (outer);
  g_assert_finalize_object (limiter);
}

/* Attempts */

typedef struct {
  DagLimiter *limiter;
  DagLimiter *other_limiter;
  DagTask    *made;  /* (owned) */
} Again;

/* Makes a task, fails, and ends as that in the next attempt. */
static void
again_body (DagTask  *task,
            gpointer  user_data)
{
  Again *again = user_data;

  if (again->made == NULL)
    {
      again->made = dag_task_new (test_body_succeed, GINT_TO_POINTER (7), NULL);
      dag_task_set_priority (again->made, G_PRIORITY_LOW);
      dag_task_set_limiter (again->made, again->limiter);
      if (again->other_limiter != NULL)
        dag_task_add_limiter (again->made, again->other_limiter);
      dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Not yet");
    }
  else
    {
      dag_task_return_task (task, again->made);
    }
}

static void
test_attempts (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (2, 0);
  DagLimiter *limiter = dag_limiter_new (1);
  Again again = { .limiter = limiter };
  DagTask *outer, *between;

  g_test_summary ("What an attempt has made, and waits, may run on the slot of the next attempt");

  outer = dag_task_new (again_body, &again, NULL);
  dag_task_set_limiter (outer, limiter);
  dag_task_set_retry (outer, retry);
  between = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_limiter (between, limiter);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (between), ==, DAG_STATE_RUNNING);
  g_assert_cmpuint (dag_limiter_get_n_waiting (limiter), ==, 2);

  dag_task_return (between);
  test_drain ();
  test_assert_int (outer, 7);
  g_assert_cmpuint (dag_limiter_get_n_running (limiter), ==, 0);

  test_release (between);
  test_release (outer);
  test_release (again.made);
  g_assert_finalize_object (limiter);
}

static void
test_attempts_several (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (2, 1);
  DagLimiter *limiter = dag_limiter_new (1), *other = dag_limiter_new (0);
  Again again = { .limiter = limiter, .other_limiter = other };
  DagTask *outer;

  g_test_summary ("What an attempt has made may run on the slot that the next attempt gets without "
                  "waiting, when it waits for another limiter too");

  outer = dag_task_new (again_body, &again, NULL);
  dag_task_set_limiter (outer, limiter);
  dag_task_set_retry (outer, retry);
  while (dag_task_get_attempt (outer) < 2)
    test_iterate ();
  g_assert_cmpuint (dag_limiter_get_n_waiting (limiter), ==, 1);

  dag_limiter_set_limit (other, 1);
  test_drain ();
  test_assert_int (outer, 7);

  test_release (outer);
  test_release (again.made);
  g_assert_finalize_object (limiter);
  g_assert_finalize_object (other);
}

/* Threads */

typedef struct {
  DagLimiter   *limiter;
  GMainContext *context;
} ThreadTree;

static void thread_body (DagTask  *task,
                         gpointer  user_data);

static void
count_thread (DagTask      *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  ThreadTree *tree = task_data;
  int depth = dag_task_get_argument_int (task, 0);
  guint sum = 1;

  for (guint i = 0; depth > 0 && i < 2; i++)
    {
      g_autoptr (DagTask) made = g_object_new (DAG_TYPE_TASK, "context", tree->context, "held", TRUE,
                                               "limiter", tree->limiter, NULL);

      dag_task_set_function (made, thread_body, tree, NULL);
      dag_task_add_argument_int (made, depth - 1);
      dag_task_release (made);
      sum += g_value_get_uint (dag_task_wait (made, NULL, NULL));
    }

  dag_task_return_uint (task, sum);
}

static void
thread_body (DagTask  *task,
             gpointer  user_data)
{
  dag_task_set_task_data (task, user_data, NULL);
  dag_task_run_in_thread (task, count_thread);
}

static void
test_threads (void)
{
  ThreadTree tree = { dag_limiter_new (1), g_main_context_ref_thread_default () };
  DagTask *root = dag_task_new (thread_body, &tree, NULL);

  g_test_summary ("Thread functions can wait for what they make under their own limiter");

  /* No other thread iterates it. */
  g_assert_true (g_main_context_acquire (tree.context));

  dag_task_set_limiter (root, tree.limiter);
  dag_task_add_argument_int (root, 7);
  test_settle (root);
  g_assert_cmpuint (g_value_get_uint (dag_task_get_value (root)), ==, tree_size (2, 7));
  test_release_from_thread (root);
  g_main_context_release (tree.context);
  g_main_context_unref (tree.context);

  /* The last thread may still have its task, which has the limiter. */
  while (g_atomic_int_get (&G_OBJECT (tree.limiter)->ref_count) > 1)
    test_drain ();
  g_assert_finalize_object (tree.limiter);
}

/* Many */

static void
test_many_made (void)
{
  Maker maker = { dag_limiter_new (1), g_ptr_array_new (), .n = test_size (100000) };
  DagTask *outer = dag_task_new (make_pending, &maker, NULL);

  g_test_summary ("Promise 11: a function can leave any number of tasks behind that wait for a slot");

  dag_task_set_limiter (outer, maker.limiter);
  test_drain ();
  dag_task_return (outer);
  test_settle (outer);
  for (guint i = 0; i < maker.n; i++)
    {
      DagTask *task = g_ptr_array_index (maker.made, i);

      while (dag_task_get_state (task) != DAG_STATE_RUNNING)
        test_iterate ();
      dag_task_return (task);
    }

  test_release (outer);
  maker_clear (&maker);
}

typedef struct {
  DagLimiter *limiter;
  guint       left;
} Chain;

static void
chain_body (DagTask  *task,
            gpointer  user_data)
{
  Chain *chain = user_data;

  if (--chain->left > 0)
    {
      g_autoptr (DagTask) next = dag_task_new (chain_body, chain, NULL);

      dag_task_set_limiter (next, chain->limiter);
    }

  dag_task_return (task);
}

static void
test_generations (void)
{
  Chain chain = { dag_limiter_new (1), .left = test_size (100000) };
  DagTask *first = dag_task_new (chain_body, &chain, NULL);

  g_test_summary ("Tasks that each make the next one keep nothing of those before");

  dag_task_set_limiter (first, chain.limiter);
  test_release (first);
  while (chain.left > 0)
    test_iterate ();
  test_drain ();
  g_assert_finalize_object (chain.limiter);
}

static void
test_deep (void)
{
  Tree tree = { dag_limiter_new (1), .width = 1 };
  guint depth = test_size (20000);
  DagTask *root = new_level (&tree, depth);

  g_test_summary ("Promise 11: any number of tasks may be nested");

  test_settle (root);
  g_assert_cmpuint (g_value_get_uint (dag_task_get_value (root)), ==, depth + 1);
  test_release (root);
  g_assert_finalize_object (tree.limiter);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-12/limiter-nested/tree", test_tree);
  g_test_add_func ("/limiter-nested/limit-zero", test_limit_zero);
  g_test_add_func ("/promise-12/limiter-nested/one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/limiter-nested/others-wait", test_others_wait);
  g_test_add_func ("/limiter-nested/left-behind", test_left_behind);
  g_test_add_func ("/limiter-nested/creator", test_creator);
  g_test_add_func ("/limiter-nested/attempts", test_attempts);
  g_test_add_func ("/limiter-nested/attempts-several", test_attempts_several);
  g_test_add_func ("/limiter-nested/threads", test_threads);
  g_test_add_func ("/promise-11/limiter-nested/many-made", test_many_made);
  g_test_add_func ("/limiter-nested/generations", test_generations);
  g_test_add_func ("/promise-11/limiter-nested/deep", test_deep);

  return g_test_run ();
}
