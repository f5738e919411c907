/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-enum-types.h"
#include "dag-task-private.h"
#include "dag-worker.h"

/* What a task shows as an object: its properties and signals. */

typedef enum {
  PROP_NAME = 1,
  PROP_STATE,
  PROP_REASON,
  PROP_SETTLED,
  PROP_HELD,
  PROP_PRIORITY,
  PROP_TRIGGER,
  PROP_CANCELLABLE,
  PROP_CHECK_CANCELLABLE,
  PROP_RETURN_ON_CANCEL,
  PROP_TIMEOUT,
  PROP_DEADLINE,
  PROP_RETRY,
  PROP_LIMITER,
  PROP_WORKER,
  PROP_CONTEXT,
} DagTaskProperty;

static GParamSpec *properties[PROP_CONTEXT + 1];

enum {
  SIGNAL_STARTED,
  SIGNAL_FINISHED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
dag_task_get_property (GObject    *object,
                       guint       prop_id,
                       GValue     *value,
                       GParamSpec *pspec)
{
  DagTask *self = DAG_TASK (object);

  switch ((DagTaskProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, dag_task_get_name (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, dag_task_get_state (self));
      break;
    case PROP_REASON:
      g_value_set_enum (value, dag_task_get_reason (self));
      break;
    case PROP_SETTLED:
      g_value_set_boolean (value, dag_task_get_settled (self));
      break;
    case PROP_HELD:
      g_value_set_boolean (value, dag_task_get_held (self));
      break;
    case PROP_PRIORITY:
      g_value_set_int (value, dag_task_get_priority (self));
      break;
    case PROP_TRIGGER:
      g_value_set_enum (value, dag_task_get_trigger (self));
      break;
    case PROP_CANCELLABLE:
      g_value_set_object (value, dag_task_get_parent_cancellable (self));
      break;
    case PROP_CHECK_CANCELLABLE:
      g_value_set_boolean (value, dag_task_get_check_cancellable (self));
      break;
    case PROP_RETURN_ON_CANCEL:
      g_value_set_boolean (value, dag_task_get_return_on_cancel (self));
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, dag_task_get_timeout (self));
      break;
    case PROP_DEADLINE:
      g_value_set_uint (value, dag_task_get_deadline (self));
      break;
    case PROP_RETRY:
      g_value_set_object (value, dag_task_get_retry (self));
      break;
    case PROP_LIMITER:
      g_value_set_object (value, dag_task_get_limiter (self));
      break;
    case PROP_WORKER:
      g_value_set_object (value, dag_task_get_worker (self));
      break;
    case PROP_CONTEXT:
      g_value_set_boxed (value, dag_task_get_context (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_task_set_property (GObject      *object,
                       guint         prop_id,
                       const GValue *value,
                       GParamSpec   *pspec)
{
  DagTask *self = DAG_TASK (object);

  switch ((DagTaskProperty) prop_id)
    {
    case PROP_NAME:
      dag_task_set_name (self, g_value_get_string (value));
      break;
    case PROP_HELD:
      DAG_NODE (self)->n_holds += g_value_get_boolean (value);
      break;
    case PROP_PRIORITY:
      dag_task_set_priority (self, g_value_get_int (value));
      break;
    case PROP_TRIGGER:
      dag_task_set_trigger (self, g_value_get_enum (value));
      break;
    case PROP_CANCELLABLE:
      dag_task_set_parent_cancellable (self, g_value_get_object (value));
      break;
    case PROP_CHECK_CANCELLABLE:
      dag_task_set_check_cancellable (self, g_value_get_boolean (value));
      break;
    case PROP_RETURN_ON_CANCEL:
      dag_task_set_return_on_cancel (self, g_value_get_boolean (value));
      break;
    case PROP_TIMEOUT:
      dag_task_set_timeout (self, g_value_get_uint (value));
      break;
    case PROP_DEADLINE:
      dag_task_set_deadline (self, g_value_get_uint (value));
      break;
    case PROP_RETRY:
      dag_task_set_retry (self, g_value_get_object (value));
      break;
    case PROP_LIMITER:
      dag_task_set_limiter (self, g_value_get_object (value));
      break;
    case PROP_WORKER:
      dag_task_set_worker (self, g_value_get_object (value));
      break;
    case PROP_CONTEXT:
      dag_node_init (DAG_NODE (self), &dag_task_item_class, g_value_peek_pointer (value));
      break;
    case PROP_STATE:
    case PROP_REASON:
    case PROP_SETTLED:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/*< private >
 * dag_task_class_install:
 *
 * Gives the class its properties and signals.
 */
void
dag_task_class_install (GObjectClass *object_class)
{
  object_class->get_property = dag_task_get_property;
  object_class->set_property = dag_task_set_property;

  /**
   * DagTask:name: (getter get_name) (setter set_name)
   *
   * What messages call the task: the name of its function, unless it was given one.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:state: (getter get_state)
   *
   * Where the task stands.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL,
                       DAG_TYPE_STATE, DAG_STATE_WAITING,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:reason: (getter get_reason)
   *
   * Why the task did not succeed. It is set once, when the task finishes.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] =
    g_param_spec_enum ("reason", NULL, NULL,
                       DAG_TYPE_REASON, DAG_REASON_NONE,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:settled: (getter get_settled)
   *
   * Whether the task has finished, its function has returned, and so it is with everything that it
   * depends on.
   *
   * Since: 1.0
   */
  properties[PROP_SETTLED] =
    g_param_spec_boolean ("settled", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:held: (getter get_held)
   *
   * Whether the task is kept from starting by [method@Dag.Task.hold].
   *
   * A task that is made with this property needs one [method@Dag.Task.release].
   *
   * Since: 1.0
   */
  properties[PROP_HELD] =
    g_param_spec_boolean ("held", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DagTask:priority: (getter get_priority) (setter set_priority)
   *
   * The priority among the tasks of the same main context that are ready, as those of
   * [struct@GLib.Source]: less is earlier.
   *
   * Since: 1.0
   */
  properties[PROP_PRIORITY] =
    g_param_spec_int ("priority", NULL, NULL,
                      G_MININT, G_MAXINT, G_PRIORITY_DEFAULT,
                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:trigger: (getter get_trigger) (setter set_trigger)
   *
   * How the inputs of the task combine.
   *
   * Since: 1.0
   */
  properties[PROP_TRIGGER] =
    g_param_spec_enum ("trigger", NULL, NULL,
                       DAG_TYPE_TRIGGER, DAG_TRIGGER_ALL,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:cancellable: (getter get_parent_cancellable) (setter set_parent_cancellable)
   *
   * A cancellable of the user's that the task follows, and never cancels itself.
   *
   * The one that is given to the operations of the task is [method@Dag.Task.get_cancellable].
   *
   * Since: 1.0
   */
  properties[PROP_CANCELLABLE] =
    g_param_spec_object ("cancellable", NULL, NULL,
                         G_TYPE_CANCELLABLE,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:check-cancellable: (getter get_check_cancellable) (setter set_check_cancellable)
   *
   * Whether a task that was cancelled while it ran ends as cancelled, whatever it returns.
   *
   * Since: 1.0
   */
  properties[PROP_CHECK_CANCELLABLE] =
    g_param_spec_boolean ("check-cancellable", NULL, NULL,
                          TRUE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:return-on-cancel: (getter get_return_on_cancel) (setter set_return_on_cancel)
   *
   * Whether a task that is cancelled while it runs finishes at once, and settles when its function
   * returns.
   *
   * Since: 1.0
   */
  properties[PROP_RETURN_ON_CANCEL] =
    g_param_spec_boolean ("return-on-cancel", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:timeout: (getter get_timeout) (setter set_timeout)
   *
   * How long the function of the task may take, in milliseconds; 0 for no limit.
   *
   * Since: 1.0
   */
  properties[PROP_TIMEOUT] =
    g_param_spec_uint ("timeout", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:deadline: (getter get_deadline) (setter set_deadline)
   *
   * After what time the task has to have finished, in milliseconds from when this was set; 0 for no
   * limit.
   *
   * Since: 1.0
   */
  properties[PROP_DEADLINE] =
    g_param_spec_uint ("deadline", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:retry: (getter get_retry) (setter set_retry)
   *
   * Whether the function of the task is called again when it has failed, how often, and after what
   * pauses.
   *
   * Since: 1.0
   */
  properties[PROP_RETRY] =
    g_param_spec_object ("retry", NULL, NULL,
                         DAG_TYPE_RETRY,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:limiter: (getter get_limiter) (setter set_limiter)
   *
   * What says how many tasks may be at work together with this one. If it has several, that which
   * was added first.
   *
   * Since: 1.0
   */
  properties[PROP_LIMITER] =
    g_param_spec_object ("limiter", NULL, NULL,
                         DAG_TYPE_LIMITER,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:worker: (getter get_worker) (setter set_worker)
   *
   * In whose threads the function of the task is called; %NULL if that is the main context.
   *
   * Since: 1.0
   */
  properties[PROP_WORKER] =
    g_param_spec_object ("worker", NULL, NULL,
                         DAG_TYPE_WORKER,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DagTask:context: (getter get_context)
   *
   * The main context that the task belongs to; the one that was thread-default if none was given.
   *
   * Since: 1.0
   */
  properties[PROP_CONTEXT] =
    g_param_spec_boxed ("context", NULL, NULL,
                        G_TYPE_MAIN_CONTEXT,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * DagTask::started:
   * @self: the task
   *
   * The function of the task is about to be called. A task that is cancelled now is not started.
   *
   * A function that is called in a thread may be at work already, or even have returned.
   *
   * Since: 1.0
   */
  signals[SIGNAL_STARTED] =
    g_signal_new ("started", G_TYPE_FROM_CLASS (object_class), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * DagTask::finished:
   * @self: the task
   *
   * The outcome of the task is known. Its dependents have not started yet.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FINISHED] =
    g_signal_new ("finished", G_TYPE_FROM_CLASS (object_class), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

void
dag_task_notify_state (DagTask *self)
{
  /* Else it is noted already, or the dispatch looks at the clock after this. */
  if (g_atomic_int_get (&DAG_NODE (self)->state) <= DAG_STATE_READY)
    dag_queue_note_notification ();

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);

  if (DAG_NODE (self)->reason != DAG_REASON_NONE)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REASON]);
}

void
dag_task_notify_settled (DagTask *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SETTLED]);
}

void
dag_task_emit_started (DagTask *self)
{
  g_signal_emit (self, signals[SIGNAL_STARTED], 0);
}

void
dag_task_emit_finished (DagTask *self)
{
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/*< private >
 * dag_task_is_observed:
 *
 * Whether anybody listens to the task. When its context was destroyed nobody is told anything.
 */
gboolean
dag_task_is_observed (DagTask *self)
{
  if (dag_queue_is_closed (DAG_NODE (self)->queue))
    return FALSE;

  return g_signal_handler_find (self, G_SIGNAL_MATCH_UNBLOCKED, 0, 0, NULL, NULL, NULL) != 0;
}
