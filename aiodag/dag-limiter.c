/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-claim-private.h"
#include "dag-limiter-private.h"

/**
 * DagLimiter:
 *
 * How many tasks may be at work at once.
 *
 * ```c
 * server = dag_limiter_new (2);
 *
 * dag_with (dag_call (download, page), "limiter", server, NULL);
 * ```
 *
 * A task that has a limiter, or several, starts when it is ready and each of them has a slot for
 * it. It keeps them until its function has returned; if that returned another task, until that has
 * finished. Who waits gets a slot by [property@Dag.Task:priority], then in order.
 *
 * Tasks that the function of a task makes, and those that their functions make, may run on the slots
 * that it has, one at a time, so that it can wait for them.
 *
 * A limiter can be used in any number of main contexts and threads. It lives as long as somebody has a
 * reference, and every task that has it does.
 *
 * Since: 1.0
 */

typedef enum {
  PROP_LIMIT = 1,
} DagLimiterProperty;

static GParamSpec *properties[PROP_LIMIT + 1];

static GMutex limiters_lock;

G_DEFINE_FINAL_TYPE (DagLimiter, dag_limiter, G_TYPE_OBJECT)

void
dag_limiter_lock (void)
{
  g_mutex_lock (&limiters_lock);
}

void
dag_limiter_unlock (void)
{
  g_mutex_unlock (&limiters_lock);
}

static void
dag_limiter_finalize (GObject *object)
{
  DagLimiter *self = DAG_LIMITER (object);

  g_assert (self->n_running == 0);
  g_assert (g_queue_is_empty (&self->lines));

  G_OBJECT_CLASS (dag_limiter_parent_class)->finalize (object);
}

static void
dag_limiter_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  DagLimiter *self = DAG_LIMITER (object);

  switch ((DagLimiterProperty) prop_id)
    {
    case PROP_LIMIT:
      g_value_set_uint (value, dag_limiter_get_limit (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_limiter_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  DagLimiter *self = DAG_LIMITER (object);

  switch ((DagLimiterProperty) prop_id)
    {
    case PROP_LIMIT:
      dag_limiter_set_limit (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_limiter_class_init (DagLimiterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = dag_limiter_finalize;
  object_class->get_property = dag_limiter_get_property;
  object_class->set_property = dag_limiter_set_property;

  /**
   * DagLimiter:limit: (getter get_limit) (setter set_limit)
   *
   * How many of its tasks may be at work at once.
   *
   * With 0 none starts. If it is less than there are at work these go on.
   *
   * Since: 1.0
   */
  properties[PROP_LIMIT] =
    g_param_spec_uint ("limit", NULL, NULL,
                       0, G_MAXUINT, 1,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
dag_limiter_init (DagLimiter *self)
{
  self->limit = 1;
}

/**
 * dag_limiter_new:
 * @limit: how many tasks may be at work at once
 *
 * Makes a limiter.
 *
 * Returns: (transfer full): the limiter
 *
 * Since: 1.0
 */
DagLimiter *
dag_limiter_new (guint limit)
{
  return g_object_new (DAG_TYPE_LIMITER, "limit", limit, NULL);
}

static guint
dag_limiter_get_number (guint *number)
{
  guint value;

  dag_limiter_lock ();
  value = *number;
  dag_limiter_unlock ();

  return value;
}

/**
 * dag_limiter_get_limit: (get-property limit)
 * @self: a limiter
 *
 * Gets how many of its tasks may be at work at once. From any thread, as all of these.
 *
 * Returns: the limit
 *
 * Since: 1.0
 */
guint
dag_limiter_get_limit (DagLimiter *self)
{
  g_return_val_if_fail (DAG_IS_LIMITER (self), 0);

  return dag_limiter_get_number (&self->limit);
}

/**
 * dag_limiter_set_limit: (set-property limit)
 * @self: a limiter
 * @limit: how many tasks may be at work at once; 0 for none
 *
 * Sets how many of its tasks may be at work at once. If there are more, they go on.
 *
 * Since: 1.0
 */
void
dag_limiter_set_limit (DagLimiter *self,
                       guint       limit)
{
  g_return_if_fail (DAG_IS_LIMITER (self));

  if (dag_claims_set_limit (self, limit))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LIMIT]);
}

/**
 * dag_limiter_get_n_running:
 * @self: a limiter
 *
 * Gets how many of its tasks are at work, those that run on the slot of another one included.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
dag_limiter_get_n_running (DagLimiter *self)
{
  g_return_val_if_fail (DAG_IS_LIMITER (self), 0);

  return dag_limiter_get_number (&self->n_running);
}

/**
 * dag_limiter_get_n_waiting:
 * @self: a limiter
 *
 * Gets how many tasks are ready and wait for a slot.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
dag_limiter_get_n_waiting (DagLimiter *self)
{
  g_return_val_if_fail (DAG_IS_LIMITER (self), 0);

  return dag_limiter_get_number (&self->n_waiting);
}
