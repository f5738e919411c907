/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error-private.h"

/* In the order of the message. */
typedef struct {
  GPtrArray *tasks;       /* (element-type GObject) (nullable) */
  GPtrArray *weak_tasks;  /* (element-type GWeakRef) (nullable): in their place */
  GObject   *subject;     /* (owned) (nullable): what else there is to know of it */
} DagErrorPrivate;

static void
dag_error_private_init (DagErrorPrivate *priv)
{
  priv->tasks = NULL;
  priv->weak_tasks = NULL;
  priv->subject = NULL;
}

static void
dag_error_private_copy (const DagErrorPrivate *src,
                        DagErrorPrivate       *dest)
{
  dest->tasks = src->tasks != NULL ? g_ptr_array_ref (src->tasks) : NULL;
  dest->weak_tasks = src->weak_tasks != NULL ? g_ptr_array_ref (src->weak_tasks) : NULL;
  dest->subject = src->subject != NULL ? g_object_ref (src->subject) : NULL;
}

static void
dag_error_private_clear (DagErrorPrivate *priv)
{
  g_clear_pointer (&priv->tasks, g_ptr_array_unref);
  g_clear_pointer (&priv->weak_tasks, g_ptr_array_unref);
  g_clear_object (&priv->subject);
}

/**
 * dag_error_quark:
 *
 * Gets the error domain of aiodag, %DAG_ERROR.
 *
 * Returns: the quark
 *
 * Since: 1.0
 */
G_DEFINE_EXTENDED_ERROR (DagError, dag_error)

/* Other languages make errors by the name of the domain. One that was made before that is known to be
 * extended would have no private part, which is read all the same when it is freed.
 */
__attribute__ ((constructor)) static void
dag_error_register (void)
{
  dag_error_quark ();
}

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

/*< private >
 * dag_error_set_subject:
 * @error: an error of this domain
 * @subject: what it is about, which is not a task
 *
 * Has the error and its copies keep an object.
 */
void
dag_error_set_subject (GError  *error,
                       GObject *subject)
{
  g_set_object (&dag_error_get_private (error)->subject, subject);
}

/*< private >
 * dag_error_get_subject:
 *
 * Returns: (nullable): what an error of whatever domain is about, if that is known
 */
GObject *
dag_error_get_subject (const GError *error)
{
  return error->domain == DAG_ERROR ? dag_error_get_private (error)->subject : NULL;
}

static void
free_weak_ref (gpointer data)
{
  GWeakRef *weak_ref = data;

  g_weak_ref_clear (weak_ref);
  g_free (weak_ref);
}

/*< private >
 * dag_error_weaken:
 *
 * Has the error keep its tasks no longer, because a task is going to have the error, and may be one
 * of them.
 */
void
dag_error_weaken (GError *error)
{
  DagErrorPrivate *priv;

  if (error->domain != DAG_ERROR)
    return;

  priv = dag_error_get_private (error);
  if (priv->tasks == NULL)
    return;

  priv->weak_tasks = g_ptr_array_new_with_free_func (free_weak_ref);
  for (guint i = 0; i < priv->tasks->len; i++)
    {
      GWeakRef *weak_ref = g_new0 (GWeakRef, 1);

      g_weak_ref_init (weak_ref, g_ptr_array_index (priv->tasks, i));
      g_ptr_array_add (priv->weak_tasks, weak_ref);
    }

  g_clear_pointer (&priv->tasks, g_ptr_array_unref);
}

/**
 * dag_error_get_tasks:
 * @error: an error
 * @n_tasks: (out): how many tasks there are
 *
 * Gets the tasks that @error is about.
 *
 * Only errors of the code %DAG_ERROR_CYCLE have some: the tasks on the way from the dependent to
 * the dependency, both included, in the order in which the message names them. The error that a
 * task ended with does not keep them, so that those that were freed meanwhile are missing.
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

  if (priv->weak_tasks != NULL)
    {
      DagTask **tasks = g_new0 (DagTask *, priv->weak_tasks->len + 1);

      for (guint i = 0; i < priv->weak_tasks->len; i++)
        {
          g_autoptr (GObject) task = g_weak_ref_get (g_ptr_array_index (priv->weak_tasks, i));

          if (task != NULL)
            tasks[(*n_tasks)++] = (DagTask *) task;
        }

      return tasks;
    }

  if (priv->tasks == NULL)
    return NULL;

  *n_tasks = priv->tasks->len;

  return g_memdup2 (priv->tasks->pdata, priv->tasks->len * sizeof (gpointer));
}
