/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error-private.h"

typedef struct {
  GPtrArray *tasks; /* (element-type GObject) (nullable): in the order of the message */
} DagErrorPrivate;

static void
dag_error_private_init (DagErrorPrivate *priv)
{
  priv->tasks = NULL;
}

static void
dag_error_private_copy (const DagErrorPrivate *src,
                        DagErrorPrivate       *dest)
{
  dest->tasks = src->tasks != NULL ? g_ptr_array_ref (src->tasks) : NULL;
}

static void
dag_error_private_clear (DagErrorPrivate *priv)
{
  g_clear_pointer (&priv->tasks, g_ptr_array_unref);
}

G_DEFINE_EXTENDED_ERROR (DagError, dag_error)

/*< private >
 * dag_error_new_cycle:
 * @tasks: (transfer full): the tasks on the way, which frees its elements
 * @message: what to say of them
 *
 * Makes an error of the code %DAG_ERROR_CYCLE that knows its tasks.
 */
GError *
dag_error_new_cycle (GPtrArray  *tasks,
                     const char *message)
{
  GError *error = g_error_new_literal (DAG_ERROR, DAG_ERROR_CYCLE, message);

  dag_error_get_private (error)->tasks = tasks;

  return error;
}

/**
 * dag_error_get_tasks:
 * @error: an error
 * @n_tasks: (out): how many tasks there are
 *
 * Gets the tasks that @error is about.
 *
 * Only errors of the code %DAG_ERROR_CYCLE have some: the tasks on the way from the dependency to
 * the dependent, both included, in the order in which the message names them.
 *
 * Returns: (array length=n_tasks) (transfer container) (nullable): the tasks; free the array with
 *   `g_free ()`
 *
 * Since: 1.0
 */
DagTask **
dag_error_get_tasks (const GError *error,
                     gsize        *n_tasks)
{
  DagErrorPrivate *priv;

  g_return_val_if_fail (error != NULL, NULL);
  g_return_val_if_fail (n_tasks != NULL, NULL);

  *n_tasks = 0;

  if (error->domain != DAG_ERROR)
    return NULL;

  priv = dag_error_get_private (error);
  if (priv->tasks == NULL)
    return NULL;

  *n_tasks = priv->tasks->len;

  return g_memdup2 (priv->tasks->pdata, priv->tasks->len * sizeof (gpointer));
}
