/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-dependency.h"

/**
 * DagDependency:
 *
 * A task together with what a dependent asks of it.
 *
 * It is what stands in a list of arguments for an input that has another rule than
 * %DAG_RULE_SUCCEEDED, or that is raw: see [ctor@Dag.Task.new_with_arguments].
 *
 * It is immutable and may be used from any thread.
 *
 * Since: 1.0
 */
struct _DagDependency
{
  gatomicrefcount  ref_count;
  DagTask         *task;  /* (owned) */
  DagRule          rule;
  gboolean         raw;
};

G_DEFINE_BOXED_TYPE (DagDependency, dag_dependency, dag_dependency_ref, dag_dependency_unref)

/**
 * dag_dependency_new:
 * @task: the dependency
 * @rule: what is asked of it
 * @raw: whether the function gets the task itself and not its result
 *
 * Makes a description of a dependency.
 *
 * With another rule than %DAG_RULE_SUCCEEDED an input is always raw.
 *
 * Returns: (transfer full): the description
 *
 * Since: 1.0
 */
DagDependency *
dag_dependency_new (DagTask  *task,
                    DagRule   rule,
                    gboolean  raw)
{
  DagDependency *self;

  g_return_val_if_fail (G_IS_OBJECT (task), NULL);
  g_return_val_if_fail (rule <= DAG_RULE_FAILED, NULL);

  self = g_new (DagDependency, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->task = g_object_ref (task);
  self->rule = rule;
  self->raw = raw || rule != DAG_RULE_SUCCEEDED;

  return self;
}

/**
 * dag_dependency_ref:
 * @self: a dependency
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
DagDependency *
dag_dependency_ref (DagDependency *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * dag_dependency_unref:
 * @self: (transfer full): a dependency
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
dag_dependency_unref (DagDependency *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    {
      g_object_unref (self->task);
      g_free (self);
    }
}

/**
 * dag_dependency_get_task:
 * @self: a dependency
 *
 * Gets the task that is depended on.
 *
 * Returns: (transfer none): the task
 *
 * Since: 1.0
 */
DagTask *
dag_dependency_get_task (DagDependency *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->task;
}

/**
 * dag_dependency_get_rule:
 * @self: a dependency
 *
 * Gets what is asked of the task.
 *
 * Returns: the rule
 *
 * Since: 1.0
 */
DagRule
dag_dependency_get_rule (DagDependency *self)
{
  g_return_val_if_fail (self != NULL, DAG_RULE_SUCCEEDED);

  return self->rule;
}

/**
 * dag_dependency_get_raw:
 * @self: a dependency
 *
 * Gets whether the function gets the task itself and not its result.
 *
 * Returns: whether it is raw
 *
 * Since: 1.0
 */
gboolean
dag_dependency_get_raw (DagDependency *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->raw;
}
