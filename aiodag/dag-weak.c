/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-weak.h"

/**
 * DagWeak:
 *
 * An object that is not kept alive.
 *
 * It is what stands in a list of arguments for an object that the task is not to keep: see
 * [method@Dag.Task.add_argument_weak_object]. When the function is called the object takes its
 * place, or %NULL if that is gone by then. What stands in for a window in a pipeline does not keep
 * the window.
 *
 * It is immutable and may be used from any thread. Copies stand for the same object.
 *
 * Since: 1.0
 */
struct _DagWeak
{
  gatomicrefcount ref_count;
  GWeakRef        object;
};

G_DEFINE_BOXED_TYPE (DagWeak, dag_weak, dag_weak_ref, dag_weak_unref)

/**
 * dag_weak_new:
 * @object: (nullable): an object
 *
 * Makes what stands for an object without keeping it.
 *
 * Returns: (transfer full): a new weak reference
 *
 * Since: 1.0
 */
DagWeak *
dag_weak_new (GObject *object)
{
  DagWeak *self;

  g_return_val_if_fail (object == NULL || G_IS_OBJECT (object), NULL);

  self = g_new (DagWeak, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);

  return self;
}

/**
 * dag_weak_ref:
 * @self: a weak reference
 *
 * Takes a reference to the weak reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
DagWeak *
dag_weak_ref (DagWeak *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * dag_weak_unref:
 * @self: (transfer full): a weak reference
 *
 * Drops a reference to the weak reference.
 *
 * Since: 1.0
 */
void
dag_weak_unref (DagWeak *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    {
      g_weak_ref_clear (&self->object);
      g_free (self);
    }
}

/**
 * dag_weak_get:
 * @self: a weak reference
 *
 * Gets the object, if it is still there.
 *
 * Returns: (transfer full) (nullable): the object, %NULL if it is gone
 *
 * Since: 1.0
 */
GObject *
dag_weak_get (DagWeak *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_weak_ref_get (&self->object);
}
