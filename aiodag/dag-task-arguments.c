/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-task-private.h"
#include "dag-weak.h"

/* So many arguments are freed between two looks at the budget. */
#define BATCH 64

/*< private >
 * dag_task_spell_out_arguments:
 *
 * Gives every argument a value of its own, or what stands for an input, where all were inputs. Under
 * the lock until it starts, or while nobody knows the task.
 */
void
dag_task_spell_out_arguments (DagTask *self)
{
  DagEdge *edges;

  if (self->arguments != NULL || self->n_arguments == 0)
    return;

  edges = dag_node_get_first_edges (DAG_NODE (self));
  self->arguments = g_new0 (GValue, MAX (2, 1u << g_bit_storage (self->n_arguments - 1)));
  for (guint i = 0; i < self->n_arguments; i++)
    self->arguments[i].data[0].v_pointer = &edges[i];
}

/*< private >
 * dag_task_take_argument:
 * @value: (transfer full) (nullable): a value, which is moved
 * @edge: (nullable): an input
 *
 * Adds an argument. Under the lock, or while nobody else knows the task.
 */
void
dag_task_take_argument (DagTask      *self,
                        const GValue *value,
                        DagEdge      *edge)
{
  GValue *argument;

  if (edge != NULL && !edge->raw && self->arguments == NULL &&
      edge == dag_node_get_first_edges (DAG_NODE (self)) + self->n_arguments)
    {
      self->n_arguments++;
      return;
    }

  dag_task_spell_out_arguments (self);

  /* There is no room left when there is a power of two of them. */
  if (self->n_arguments != 1 && (self->n_arguments & (self->n_arguments - 1)) == 0)
    self->arguments = g_renew (GValue, self->arguments, MAX (2, (gsize) self->n_arguments * 2));

  argument = &self->arguments[self->n_arguments++];

  if (edge != NULL)
    {
      *argument = (GValue) G_VALUE_INIT;
      argument->data[0].v_pointer = edge;
    }
  else
    {
      *argument = *value;
    }
}

/*< private >
 * dag_task_take_inputs:
 *
 * Makes tasks the inputs of one that nobody knows and that has no dependencies, as its arguments.
 */
void
dag_task_take_inputs (DagTask         *self,
                      DagTask * const *tasks,
                      gsize            n_tasks,
                      DagRule          rule,
                      gboolean         raw)
{
  self->n_arguments = n_tasks;
  dag_node_attach_inputs (DAG_NODE (self), (DagNode *const *) tasks, n_tasks, rule, raw);

  /* There may be very many, and later it would be one step. */
  if (raw)
    dag_task_spell_out_arguments (self);
}

/*< private >
 * dag_task_init_argument:
 * @value: a value, a task or a dependency
 * @raw: whether an input is raw unless it says so itself
 *
 * Adds an argument while nobody else knows the task.
 */
void
dag_task_init_argument (DagTask      *self,
                        const GValue *value,
                        gboolean      raw)
{
  DagTask *dependency = NULL;
  DagRule rule = raw ? DAG_RULE_FINISHED : DAG_RULE_SUCCEEDED;
  GValue copy = G_VALUE_INIT;

  if (G_VALUE_HOLDS (value, DAG_TYPE_TASK))
    {
      dependency = g_value_get_object (value);
    }
  else if (G_VALUE_HOLDS (value, DAG_TYPE_DEPENDENCY) && g_value_get_boxed (value) != NULL)
    {
      DagDependency *description = g_value_get_boxed (value);

      dependency = dag_dependency_get_task (description);
      rule = dag_dependency_get_rule (description);
      raw = raw || dag_dependency_get_raw (description);
    }

  if (dependency != NULL)
    {
      dag_task_take_argument (self, NULL,
                              dag_node_attach (DAG_NODE (self), DAG_NODE (dependency),
                                               DAG_EDGE_INPUT, rule, raw));
      return;
    }

  g_value_init (&copy, G_VALUE_TYPE (value));
  g_value_copy (value, &copy);
  dag_task_take_argument (self, &copy, NULL);
}

/*< private >
 * dag_value_convert:
 * @converted: (out): a value of @type
 *
 * Makes of a value one of another type, if that is possible.
 */
gboolean
dag_value_convert (const GValue *value,
                   GType         type,
                   GValue       *converted)
{
  gpointer pointer = NULL;

  if (g_value_fits_pointer (value))
    pointer = g_value_peek_pointer (value);

  g_value_init (converted, type);

  /* The type of the value says nothing of what the object really is, and %NULL is all of them. */
  if (g_type_is_a (type, G_TYPE_OBJECT) || G_TYPE_IS_INTERFACE (type))
    {
      if (pointer == NULL && g_value_fits_pointer (value))
        return TRUE;

      if (G_VALUE_HOLDS_OBJECT (value) && g_type_is_a (G_OBJECT_TYPE (pointer), type))
        {
          g_value_set_object (converted, pointer);
          return TRUE;
        }
    }
  else if (pointer == NULL && g_value_fits_pointer (value) && g_value_fits_pointer (converted))
    {
      return TRUE;
    }
  else if (g_value_transform (value, converted))
    {
      return TRUE;
    }

  g_value_unset (converted);

  return FALSE;
}

/* Gives a raw input its value, which is the task. What fails after this is known to be looked at,
 * because the function has it.
 */
static void
dag_task_prepare_raw (GValue  *argument,
                      DagTask *dependency)
{
  *argument = (GValue) G_VALUE_INIT;
  g_value_init (argument, DAG_TYPE_TASK);
  g_value_take_object (argument, dependency);

  if (dag_task_is_finished (dependency))
    dag_node_look (DAG_NODE (dependency));
}

/* The dependency of an input: if it was not satisfied it may go as soon as it has settled. */
static DagTask *
dag_task_ref_dependency (DagTask *self,
                         DagEdge *edge)
{
  DagTask *dependency;

  dag_node_lock (DAG_NODE (self));
  dependency = g_object_ref (DAG_NODE_TASK (edge->dependency));
  dag_node_unlock (DAG_NODE (self));

  return dependency;
}

/* Gives a weak argument its value: the object, which is kept from now on, or %NULL. */
static void
dag_task_prepare_weak (GValue *argument)
{
  DagWeak *weak = g_value_get_boxed (argument);
  GObject *object = weak != NULL ? dag_weak_get (weak) : NULL;

  g_value_unset (argument);
  g_value_init (argument, object != NULL ? G_OBJECT_TYPE (object) : G_TYPE_OBJECT);
  g_value_take_object (argument, object);
}

static gboolean
dag_task_prepare_argument (DagTask  *self,
                           guint     index,
                           GError  **error)
{
  const DagFunction *definition = self->definition;
  DagEdge *edge = dag_task_peek_input (self, index);
  const GValue *value;
  DagTask *dependency = NULL;
  GType type = G_TYPE_INVALID;
  GValue converted = G_VALUE_INIT;

  if (definition != NULL && definition->get_parameter_type != NULL &&
      index < definition->n_parameters)
    type = definition->get_parameter_type (index);

  if (edge != NULL && !edge->raw && DAG_NODE (self)->trigger == DAG_TRIGGER_ALL)
    {
      dependency = DAG_NODE_TASK (edge->dependency);
      value = &dependency->outcome.value;
    }
  else
    {
      dag_task_spell_out_arguments (self);
      value = &self->arguments[index];

      /* By the other triggers some may have no result. */
      if (edge != NULL)
        dependency = dag_task_ref_dependency (self, edge);
      else if (G_VALUE_TYPE (value) == DAG_TYPE_WEAK && type != DAG_TYPE_WEAK)
        dag_task_prepare_weak (&self->arguments[index]);

      if (edge == NULL && type == DAG_TYPE_TASK)
        {
          dependency = dag_task_new_for_value (value);
          g_value_unset (&self->arguments[index]);
        }

      if (dependency != NULL)
        dag_task_prepare_raw (&self->arguments[index], dependency);
    }

  if (type == G_TYPE_INVALID || G_VALUE_TYPE (value) == type)
    return TRUE;

  if (!dag_value_convert (value, type, &converted))
    {
      g_autofree char *description = dag_task_describe (self);
      g_autofree char *origin = dependency != NULL ? dag_task_describe (dependency) : NULL;

      g_set_error (error, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                   "Argument %u of %s has to be a %s, but it is a %s%s%s", index, description,
                   g_type_name (type), G_VALUE_TYPE_NAME (value),
                   origin != NULL ? " from " : "", origin != NULL ? origin : "");
      return FALSE;
    }

  dag_task_spell_out_arguments (self);
  if (!dag_argument_is_input (&self->arguments[index]))
    g_value_unset (&self->arguments[index]);
  self->arguments[index] = converted;

  return TRUE;
}

/*< private >
 * dag_task_prepare_arguments:
 *
 * The task starts: has every argument be what the function expects.
 *
 * Returns: whether that is done; else the budget is used up, unless @error is set
 */
gboolean
dag_task_prepare_arguments (DagTask  *self,
                            GError  **error)
{
  DagNode *node = DAG_NODE (self);
  gboolean races = (g_atomic_int_get (&node->flags) & DAG_NODE_RACES) != 0;
  gboolean satisfied = TRUE;

  /* The trigger of one that has started does not change. One that races has nothing to end as
   * without an input, by whatever trigger.
   */
  if (!node->started || node->trigger != DAG_TRIGGER_ALL || races)
    {
      dag_node_lock (node);
      satisfied = node->satisfied || (node->trigger == DAG_TRIGGER_ALL && !races);
      dag_node_unlock (node);
    }

  if (!satisfied)
    {
      g_set_error_literal (error, DAG_ERROR, DAG_ERROR_EMPTY, "There was nothing to choose from");
      return FALSE;
    }

  /* They are read from the dependencies as they are. */
  if (self->arguments == NULL && self->definition == NULL && node->trigger == DAG_TRIGGER_ALL)
    self->n_prepared_arguments = self->n_arguments;

  while (self->n_prepared_arguments < self->n_arguments)
    {
      if (!dag_task_prepare_argument (self, self->n_prepared_arguments, error))
        return FALSE;

      if (++self->n_prepared_arguments % BATCH == 0 && dag_queue_is_late ())
        return FALSE;
    }

  return TRUE;
}

/*< private >
 * dag_task_free_arguments:
 *
 * Returns: whether that is done; else the budget is used up
 */
gboolean
dag_task_free_arguments (DagTask *self)
{
  guint n = 0;

  if (self->arguments == NULL)
    self->n_arguments = 0;

  while (self->n_arguments > 0)
    {
      GValue argument = self->arguments[--self->n_arguments];

      if (!dag_argument_is_input (&argument))
        g_value_unset (&argument);

      if (++n % BATCH == 0 && dag_queue_is_late ())
        return FALSE;
    }

  g_clear_pointer (&self->arguments, g_free);

  return TRUE;
}

