/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A raw task gets its inputs as finished tasks and so survives one that failed.
 *
 *   process_a (fails) --+
 *   process_b = 10 -----+
 *   process_c = 10 -----+-- consolidate = 1 + 10 + 10 + 99
 *   99 (a plain value) -+
 *
 * A parameter of type DagTask * makes an input raw. The task is finished when it arrives, in
 * whatever way, and so is a plain value that is given for it: every argument has a result.
 */

#include "example.h"

DAG_DEFINE_TASK (process_a)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the line is dead");
}

DAG_DEFINE_TASK (process_b)
{
  dag_task_return_int (task, 10);
}

DAG_DEFINE_TASK (process_c)
{
  dag_task_return_int (task, 10);
}

/* The result of a finished task, or @fallback if it failed. */
static int
result_or (DagTask *task, int fallback)
{
  g_autoptr (GError) error = NULL;
  gssize result = dag_task_propagate_int (task, &error);

  if (error != NULL)
    {
      g_print ("%s failed: %s; going on with %d\n",
               dag_task_get_name (task), error->message, fallback);
      return fallback;
    }
  return (int) result;
}

DAG_DEFINE_TASK (consolidate, (DagTask *, a), (DagTask *, b), (DagTask *, c), (DagTask *, d))
{
  dag_task_return_int (task, result_or (a, 1) + result_or (b, 0) + result_or (c, 0)
                             + result_or (d, 0));
}

int
main (void)
{
  g_autoptr (DagTask) sum = NULL;
  g_autoptr (GError) error = NULL;

  sum = g_object_ref (dag_call (consolidate, dag_call (process_a), dag_call (process_b),
                                dag_call (process_c), 99));
  if (dag_task_wait (sum, NULL, &error) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  g_print ("consolidated: %d\n", (int) dag_task_propagate_int (sum, NULL));
  return EXIT_SUCCESS;
}
