/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-enum-types.h"
#include "dag-error.h"
#include "dag-task-private.h"
#include "dag-worker.h"

/**
 * DagTask:
 *
 * One invocation of a function, and its result.
 *
 * A task has arguments, a main context, and in the end one outcome: a value or an error. An
 * argument that is itself a task is an input: the function is called when that has succeeded, and
 * gets its result. A prerequisite only orders. Making a task is all it takes to have it run: nobody
 * has to start it, wait for it or keep a reference. The main loop holds one until it has settled.
 *
 * ```c
 * DagTask *text = dag_call (load, file);
 * DagTask *words = dag_call (count_words, text);
 * ```
 *
 * The functional form, `DAG_DEFINE_TASK ()` and `dag_call ()`, is the shortest way in C. Underneath
 * it are the functions of this class, which serve other languages too.
 *
 * ## Where things run
 *
 * A task belongs to the main context that was thread-default when it was made. Its function, its
 * signals and notifications, and the destroy notify of its function data run there, with that
 * context pushed as thread-default, in a later dispatch and never inside the call that caused them.
 * Returning, cancelling and awaiting are possible from any thread.
 *
 * ## How it ends
 *
 * A task ends as [enum@Dag.State] says, and [property@Dag.Task:reason] tells why. By default a task
 * that cannot get what it needs is skipped at once, with the same error. It has *settled* when its
 * function has returned and nothing above it runs any more either: that is what a roll-back
 * or a clean-up waits for.
 *
 * A failure that nobody looks at is reported with a warning when the last task that carries it is
 * released.
 *
 * Since: 1.0
 */

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
static guint signal_notify;

/* Set while a constructor of ours makes the instance, which it publishes when it is complete. */
static _Thread_local gboolean creating;

static void dag_task_async_result_init (GAsyncResultIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DagTask, dag_task, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT,
                                                      dag_task_async_result_init))

/*< private >
 * dag_task_peek_rare:
 *
 * Returns: (nullable): what few tasks have
 */
DagTaskRare *
dag_task_peek_rare (DagTask *self)
{
  return g_atomic_pointer_get (&self->rare);
}

/*< private >
 * dag_task_get_rare:
 *
 * Gets what few tasks have, making it if need be. From any thread.
 */
DagTaskRare *
dag_task_get_rare (DagTask *self)
{
  DagTaskRare *rare = g_atomic_pointer_get (&self->rare);

  if (rare == NULL)
    {
      rare = g_new0 (DagTaskRare, 1);

      if (!g_atomic_pointer_compare_and_exchange (&self->rare, NULL, rare))
        {
          g_free (rare);
          rare = g_atomic_pointer_get (&self->rare);
        }
    }

  return rare;
}

/*< private >
 * dag_task_describe:
 *
 * Returns: (transfer full): what a message calls the task
 */
char *
dag_task_describe (DagTask *self)
{
  const char *name = dag_task_get_name (self);
  const char *location = dag_task_get_location (self);

  if (name != NULL && location != NULL)
    return g_strdup_printf ("%s (%s)", name, location);

  if (location != NULL)
    return g_strdup_printf ("unnamed task (%s)", location);

  return g_strdup (name != NULL ? name : "unnamed task");
}

/*< private >
 * dag_task_complain:
 * @caller: the public function
 * @format: what is wrong with the task, as a predicate
 *
 * A programmer error, in what was asked of a task.
 */
void
dag_task_complain (DagTask    *self,
                   const char *caller,
                   const char *format,
                   ...)
{
  g_autofree char *description = dag_task_describe (self);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  g_critical ("%s: %s %s", caller, description, what);
}

void
dag_task_notify_state (DagTask *self)
{
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

  return g_signal_has_handler_pending (self, signals[SIGNAL_FINISHED], 0, FALSE) ||
         g_signal_handler_find (self, G_SIGNAL_MATCH_ID, signal_notify, 0, NULL, NULL, NULL) != 0;
}

static GObject *
dag_task_async_result_get_source_object (GAsyncResult *result)
{
  gpointer source_object = dag_task_get_source_object (DAG_TASK (result));

  return source_object != NULL ? g_object_ref (source_object) : NULL;
}

static gpointer
dag_task_async_result_get_user_data (GAsyncResult *result)
{
  DagTaskRare *rare = dag_task_peek_rare (DAG_TASK (result));

  return rare != NULL ? rare->callback_data : NULL;
}

static gboolean
dag_task_async_result_is_tagged (GAsyncResult *result,
                                 gpointer      source_tag)
{
  return dag_task_get_source_tag (DAG_TASK (result)) == source_tag;
}

static void
dag_task_async_result_init (GAsyncResultIface *iface)
{
  iface->get_source_object = dag_task_async_result_get_source_object;
  iface->get_user_data = dag_task_async_result_get_user_data;
  iface->is_tagged = dag_task_async_result_is_tagged;
}

static void
dag_task_constructed (GObject *object)
{
  DagTask *self = DAG_TASK (object);

  G_OBJECT_CLASS (dag_task_parent_class)->constructed (object);

  if (!creating)
    dag_task_publish (self);
}

/* The last task that this thread abandoned, until the next one or its end. GObject still looks at
 * an object after it was disposed of, so that another thread must not finish it before that.
 */
static GPrivate last_abandoned = G_PRIVATE_INIT (g_object_unref);

static void
dag_task_dispose (GObject *object)
{
  DagTask *self = DAG_TASK (object);
  DagNode *node = DAG_NODE (self);
  gboolean abandon = FALSE;

  if (self->external && !dag_queue_is_closed (node->queue))
    {
      dag_node_lock (node);
      if (!self->returned)
        {
          dag_task_pin (self);
          self->returned = TRUE;
          abandon = TRUE;
        }
      dag_node_unlock (node);
    }

  if (abandon)
    {
      if (!dag_queue_is_home (node->queue))
        g_private_replace (&last_abandoned, g_object_ref (self));

      dag_task_end (self, g_error_new_literal (DAG_ERROR, DAG_ERROR_ABANDONED,
                                               "The task was released before it returned"));
      dag_node_raise (node, DAG_EVENT_RETURNED);
      return;
    }

  G_OBJECT_CLASS (dag_task_parent_class)->dispose (object);
}

static void
dag_task_finalize (GObject *object)
{
  DagTask *self = DAG_TASK (object);
  DagNode *node = DAG_NODE (self);

  dag_task_free_estate (self);
  dag_node_clear (node);

  G_OBJECT_CLASS (dag_task_parent_class)->finalize (object);
}

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
      dag_node_init (DAG_NODE (self), &dag_task_item_class, g_value_get_boxed (value));
      break;
    case PROP_STATE:
    case PROP_REASON:
    case PROP_SETTLED:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_task_class_init (DagTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dag_task_constructed;
  object_class->dispose = dag_task_dispose;
  object_class->finalize = dag_task_finalize;
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
    g_signal_new ("started", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
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
    g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  signal_notify = g_signal_lookup ("notify", G_TYPE_OBJECT);
}

static void
dag_task_init (DagTask *self)
{
  self->priority = G_PRIORITY_DEFAULT;

  /* Until it is published. */
  DAG_NODE (self)->n_holds = 1;
  DAG_NODE (self)->unpublished = TRUE;
}

/*< private >
 * dag_task_create:
 *
 * Makes a task that nobody knows, and which does nothing until dag_task_publish().
 *
 * Returns: (transfer full): the task
 */
DagTask *
dag_task_create (void)
{
  DagTask *self;

  creating = TRUE;
  self = g_object_new (DAG_TYPE_TASK, NULL);
  creating = FALSE;

  return self;
}

/*< private >
 * dag_task_create_for_queue:
 * @klass: what its queue does with it
 * @queue: the queue of its context
 *
 * Makes a task as dag_task_create() does, for a context that need not be thread-default.
 *
 * Returns: (transfer full): the task
 */
DagTask *
dag_task_create_for_queue (const DagItemClass *klass,
                           DagQueue           *queue)
{
  DagTask *self = dag_task_create ();
  DagNode *node = DAG_NODE (self);

  node->member.item.klass = klass;
  if (node->queue != queue)
    {
      dag_queue_unref (node->queue);
      node->queue = dag_queue_ref (queue);
    }

  return self;
}

/*< private >
 * dag_task_publish:
 *
 * Hands the task over to its context.
 */
void
dag_task_publish (DagTask *self)
{
  DagNode *node = DAG_NODE (self);

  dag_node_lock (node);
  node->unpublished = FALSE;
  if (!self->external)
    dag_task_pin (self);
  dag_node_unlock (node);

  dag_task_note_creator (self);

  dag_node_raise (node, DAG_EVENT_NEW);
  dag_node_release (node);
}
