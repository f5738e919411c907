/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-enum-types.h"
#include "dag-error.h"
#include "dag-task-private.h"

/**
 * DagTask:
 *
 * One invocation of a function, and its result.
 *
 * A task has arguments, a main context, and in the end one outcome: a value or an error. An argument
 * that is itself a task is an input: the function is called when that has succeeded, and gets its
 * result. A prerequisite only orders. Making a task is all it takes to have it run: nobody has to
 * start it, wait for it or keep a reference. The main loop holds one until it has settled.
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

static void
dag_task_free_rare (DagTask *self)
{
  DagTaskRare *rare = g_steal_pointer (&self->rare);

  if (rare == NULL)
    return;

  g_assert (rare->waits == NULL);
  g_assert (rare->settle_waits == NULL);

  if (rare->task_data_destroy != NULL)
    rare->task_data_destroy (rare->task_data);

  g_clear_object (&rare->source_object);
  g_clear_object (&rare->cancellable);
  g_clear_object (&rare->value_owner);
  g_free (rare->name);
  g_free (rare);
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
 * Whether anybody listens to the task.
 */
gboolean
dag_task_is_observed (DagTask *self)
{
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

  if (DAG_NODE (self)->queue == NULL)
    dag_node_init (DAG_NODE (self), &dag_task_item_class, NULL);

  if (!creating)
    dag_task_publish (self);
}

static void
dag_task_dispose (GObject *object)
{
  DagTask *self = DAG_TASK (object);
  DagNode *node = DAG_NODE (self);

  if (!dag_queue_is_closed (node->queue))
    {
      gboolean abandon = FALSE;

      if (self->external)
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
          dag_task_end (self, g_error_new_literal (DAG_ERROR, DAG_ERROR_ABANDONED,
                                                   "The task was released before it returned"));
          dag_node_raise (node, DAG_EVENT_RETURNED);
          return;
        }

      /* Values and what else it has are freed where they belong. */
      if (!dag_queue_is_home (node->queue))
        {
          dag_node_raise (node, DAG_EVENT_RELEASE);
          return;
        }
    }

  G_OBJECT_CLASS (dag_task_parent_class)->dispose (object);
}

static void
dag_task_finalize (GObject *object)
{
  DagTask *self = DAG_TASK (object);
  DagNode *node = DAG_NODE (self);

  if (node->trace != NULL)
    dag_trace_let_go (node->trace);

  dag_outcome_clear (&self->outcome);
  dag_task_free_rare (self);
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
 * dag_task_publish:
 *
 * Hands the task over to its context.
 */
void
dag_task_publish (DagTask *self)
{
  DagNode *node = DAG_NODE (self);

  if (!self->external)
    {
      dag_node_lock (node);
      dag_task_pin (self);
      dag_node_unlock (node);
    }

  dag_node_raise (node, DAG_EVENT_NEW);
  dag_node_release (node);
}

/**
 * dag_task_new: (constructor)
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable): the
 *   function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: frees @function_data in the main context of the task, when the function has
 *   returned or it is clear that it will not be called
 *
 * Makes a task that depends on nothing, for now.
 *
 * It runs in the main context that is thread-default, in a later dispatch. See
 * [method@Dag.Task.add_input] for what it can be given until then.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new) (DagTaskFunc    function,
                gpointer       function_data,
                GDestroyNotify function_data_destroy)
{
  return (dag_task_new_with_inputs) (function, function_data, function_data_destroy, NULL, 0);
}

static DagTask *
dag_task_create_for_body (DagTaskFunc    function,
                          gpointer       function_data,
                          GDestroyNotify function_data_destroy)
{
  DagTask *self = dag_task_create ();

  self->function = function;
  self->function_data = function_data;
  self->function_data_destroy = function_data_destroy;

  return self;
}

static gboolean
dag_tasks_are_valid (DagTask * const *tasks,
                     gsize            n_tasks)
{
  for (gsize i = 0; i < n_tasks; i++)
    if (!DAG_IS_TASK (tasks[i]))
      return FALSE;

  return TRUE;
}

/**
 * dag_task_new_with_inputs: (constructor)
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable): the
 *   function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: frees @function_data
 * @inputs: (array length=n_inputs) (nullable): the tasks whose results are its arguments
 * @n_inputs: how many there are
 *
 * Makes a task that gets the results of others.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_with_inputs) (DagTaskFunc      function,
                            gpointer         function_data,
                            GDestroyNotify   function_data_destroy,
                            DagTask * const *inputs,
                            gsize            n_inputs)
{
  DagTask *self;

  g_return_val_if_fail (inputs != NULL || n_inputs == 0, NULL);
  g_return_val_if_fail (dag_tasks_are_valid (inputs, n_inputs), NULL);

  self = dag_task_create_for_body (function, function_data, function_data_destroy);
  dag_node_reserve (DAG_NODE (self), n_inputs);

  for (gsize i = 0; i < n_inputs; i++)
    dag_task_take_argument (self, NULL,
                            dag_node_attach (DAG_NODE (self), DAG_NODE (inputs[i]),
                                             DAG_EDGE_INPUT, DAG_RULE_SUCCEEDED, FALSE));

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_with_arguments: (constructor)
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable): the
 *   function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: frees @function_data
 * @arguments: (array length=n_arguments) (nullable): its arguments
 * @n_arguments: how many there are
 * @prerequisites: (array length=n_prerequisites) (nullable): the tasks that have to succeed before
 * @n_prerequisites: how many there are
 *
 * Makes a task that has arguments and prerequisites.
 *
 * An argument that is a task is an input, whose result the function gets; one that is a
 * [struct@Dag.Dependency] is an input too, and says itself what is asked of the task and whether it is
 * raw. Everything else is copied.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_with_arguments) (DagTaskFunc      function,
                               gpointer         function_data,
                               GDestroyNotify   function_data_destroy,
                               const GValue    *arguments,
                               gsize            n_arguments,
                               DagTask * const *prerequisites,
                               gsize            n_prerequisites)
{
  DagTask *self;

  g_return_val_if_fail (arguments != NULL || n_arguments == 0, NULL);
  g_return_val_if_fail (prerequisites != NULL || n_prerequisites == 0, NULL);
  g_return_val_if_fail (dag_tasks_are_valid (prerequisites, n_prerequisites), NULL);

  self = dag_task_create_for_body (function, function_data, function_data_destroy);

  for (gsize i = 0; i < n_arguments; i++)
    dag_task_init_argument (self, &arguments[i], FALSE);

  for (gsize i = 0; i < n_prerequisites; i++)
    dag_node_attach (DAG_NODE (self), DAG_NODE (prerequisites[i]), DAG_EDGE_PREREQUISITE,
                     DAG_RULE_SUCCEEDED, FALSE);

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_for_function: (skip)
 * @function: a function whose parameters are declared
 * @arguments: (array length=n_arguments) (nullable): its arguments
 * @n_arguments: how many there are, as many as it has parameters
 *
 * Makes a task of a declared function, as `dag_call ()` does.
 *
 * Arguments are as in [ctor@Dag.Task.new_with_arguments], and get the declared types when the task
 * starts, as [method@GObject.Value.transform] converts them. One that does not fit ends the task with
 * %DAG_ERROR_ARGUMENT_TYPE. A parameter that is a task is raw: a plain value arrives there as a task
 * that has succeeded.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_for_function) (const DagFunction *function,
                             const GValue      *arguments,
                             gsize              n_arguments)
{
  DagTask *self;

  g_return_val_if_fail (function != NULL, NULL);
  g_return_val_if_fail (arguments != NULL || n_arguments == 0, NULL);
  g_return_val_if_fail (n_arguments == function->n_parameters, NULL);

  self = dag_task_create_for_body (function->function, NULL, NULL);
  self->definition = function;

  for (gsize i = 0; i < n_arguments; i++)
    dag_task_init_argument (self, &arguments[i],
                            function->get_parameter_type != NULL &&
                                function->get_parameter_type (i) == DAG_TYPE_TASK);

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_for_value: (constructor)
 * @value: (nullable): the result; %NULL for none
 *
 * Makes a task that has succeeded already.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_for_value (const GValue *value)
{
  DagTask *self;

  g_return_val_if_fail (value == NULL || G_IS_VALUE (value), NULL);

  self = dag_task_create ();

  if (value != NULL)
    dag_outcome_init_value (&self->outcome, value);
  else
    dag_outcome_init_nothing (&self->outcome);

  self->returned = TRUE;
  self->waits_over = TRUE;
  self->settle_waits_over = TRUE;
  self->completed = TRUE;
  self->released = TRUE;
  self->phase = DAG_PHASE_DONE;
  DAG_NODE (self)->n_holds = 0;
  DAG_NODE (self)->started = TRUE;
  DAG_NODE (self)->released = TRUE;
  DAG_NODE (self)->finished = TRUE;
  DAG_NODE (self)->settled = TRUE;
  DAG_NODE (self)->state = DAG_STATE_SUCCEEDED;

  return self;
}

/**
 * dag_task_hold:
 * @self: a task that has not started
 *
 * Keeps the task from starting until [method@Dag.Task.release] was called as often.
 *
 * That is how a task is built in steps where the main loop could start it between them: in another
 * thread, or over several dispatches. A task that is held can be skipped or cancelled all the same.
 *
 * Since: 1.0
 */
void
dag_task_hold (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean started;

  g_return_if_fail (DAG_IS_TASK (self));

  dag_node_lock (node);
  started = node->started;
  if (!started)
    node->n_holds++;
  dag_node_unlock (node);

  if (started)
    {
      g_autofree char *description = dag_task_describe (self);

      g_critical ("%s: %s has already started", G_STRFUNC, description);
      return;
    }

  /* One that was ready has to wait now. */
  dag_node_raise (node, DAG_EVENT_READY);
}

/**
 * dag_task_release:
 * @self: a task that is held
 *
 * Takes back a [method@Dag.Task.hold].
 *
 * Since: 1.0
 */
void
dag_task_release (DagTask *self)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (dag_task_get_held (self));

  dag_node_release (DAG_NODE (self));
}

/**
 * dag_task_set_function:
 * @self: a task that has not started
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable): the
 *   function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: frees @function_data
 *
 * Sets the function of a task that is built in steps; once.
 *
 * Since: 1.0
 */
void
dag_task_set_function (DagTask        *self,
                       DagTaskFunc     function,
                       gpointer        function_data,
                       GDestroyNotify  function_data_destroy)
{
  gboolean open;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (!self->external);

  dag_node_lock (DAG_NODE (self));
  open = !DAG_NODE (self)->started && !DAG_NODE (self)->released && self->function == NULL;
  if (open)
    {
      self->function = function;
      self->function_data = function_data;
      self->function_data_destroy = function_data_destroy;
    }
  dag_node_unlock (DAG_NODE (self));

  if (!open)
    {
      if (function_data_destroy != NULL)
        function_data_destroy (function_data);
      g_return_if_fail (g_atomic_int_get (&DAG_NODE (self)->state) > DAG_STATE_RUNNING);
    }
}

/**
 * dag_task_get_name: (get-property name)
 * @self: a task
 *
 * Gets what messages call the task.
 *
 * Returns: (nullable): the name
 *
 * Since: 1.0
 */
const char *
dag_task_get_name (DagTask *self)
{
  DagTaskRare *rare;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_peek_rare (self);
  if (rare != NULL && g_atomic_pointer_get (&rare->name) != NULL)
    return g_atomic_pointer_get (&rare->name);

  return self->definition != NULL ? self->definition->name : NULL;
}

/**
 * dag_task_set_name: (set-property name)
 * @self: a task
 * @name: (nullable): a name
 *
 * Sets what messages call the task, for those to whom the name of the function does not say enough.
 * To be called in the thread that made the task, or that its main context belongs to.
 *
 * Since: 1.0
 */
void
dag_task_set_name (DagTask    *self,
                   const char *name)
{
  DagTaskRare *rare;
  char *old;

  g_return_if_fail (DAG_IS_TASK (self));

  if (g_strcmp0 (dag_task_get_name (self), name) == 0)
    return;

  rare = dag_task_get_rare (self);
  old = rare->name;
  g_atomic_pointer_set (&rare->name, g_strdup (name));
  g_free (old);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

/**
 * dag_task_at: (skip)
 * @self: a task
 * @location: (nullable): a file and a line, as %G_STRLOC gives them; a static string
 *
 * Notes where the task was made, for messages. The constructors do it in C.
 *
 * Returns: (transfer none): @self
 *
 * Since: 1.0
 */
DagTask *
dag_task_at (DagTask    *self,
             const char *location)
{
  if (self != NULL)
    g_atomic_pointer_set (&self->location, location);

  return self;
}

/**
 * dag_task_get_location:
 * @self: a task
 *
 * Gets where the task was made.
 *
 * Returns: (nullable): a file and a line, or %NULL in languages other than C
 *
 * Since: 1.0
 */
const char *
dag_task_get_location (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  return g_atomic_pointer_get (&self->location);
}

/**
 * dag_task_get_context: (get-property context)
 * @self: a task
 *
 * Gets the main context that the task belongs to. The task does not keep it.
 *
 * Returns: (transfer none) (nullable): the main context, %NULL if it was destroyed
 *
 * Since: 1.0
 */
GMainContext *
dag_task_get_context (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  return dag_queue_get_context (DAG_NODE (self)->queue);
}

/**
 * dag_task_get_priority: (get-property priority)
 * @self: a task
 *
 * Gets the priority among the tasks that are ready.
 *
 * Returns: the priority
 *
 * Since: 1.0
 */
int
dag_task_get_priority (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), G_PRIORITY_DEFAULT);

  return g_atomic_int_get (&self->priority);
}

/**
 * dag_task_set_priority: (set-property priority)
 * @self: a task
 * @priority: the priority, as those of [struct@GLib.Source]: less is earlier
 *
 * Sets the priority among the tasks of the same main context that are ready. It counts when the task
 * becomes ready. To be called in the thread that made the task, or that its main context belongs
 * to.
 *
 * Since: 1.0
 */
void
dag_task_set_priority (DagTask *self,
                       int      priority)
{
  g_return_if_fail (DAG_IS_TASK (self));

  if (dag_task_get_priority (self) == priority)
    return;

  g_atomic_int_set (&self->priority, priority);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PRIORITY]);
}

/**
 * dag_task_get_trigger: (get-property trigger)
 * @self: a task
 *
 * Gets how the inputs of the task combine.
 *
 * Returns: the trigger
 *
 * Since: 1.0
 */
DagTrigger
dag_task_get_trigger (DagTask *self)
{
  DagTrigger trigger;

  g_return_val_if_fail (DAG_IS_TASK (self), DAG_TRIGGER_ALL);

  dag_node_lock (DAG_NODE (self));
  trigger = DAG_NODE (self)->trigger;
  dag_node_unlock (DAG_NODE (self));

  return trigger;
}

/**
 * dag_task_set_trigger: (set-property trigger)
 * @self: a task that has not started
 * @trigger: how the inputs combine
 *
 * Sets how the inputs of the task combine.
 *
 * Since: 1.0
 */
void
dag_task_set_trigger (DagTask    *self,
                      DagTrigger  trigger)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (trigger <= DAG_TRIGGER_FIRST);

  if (dag_task_get_trigger (self) == trigger)
    return;

  dag_node_set_trigger (DAG_NODE (self), trigger);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TRIGGER]);
}

/**
 * dag_task_get_check_cancellable: (get-property check-cancellable)
 * @self: a task
 *
 * Gets whether the task ends as cancelled if it was cancelled while it ran, whatever it returns.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
dag_task_get_check_cancellable (DagTask *self)
{
  gboolean check_cancellable;

  g_return_val_if_fail (DAG_IS_TASK (self), TRUE);

  dag_node_lock (DAG_NODE (self));
  check_cancellable = !self->ignore_cancellable;
  dag_node_unlock (DAG_NODE (self));

  return check_cancellable;
}

/**
 * dag_task_set_check_cancellable: (set-property check-cancellable)
 * @self: a task that has not returned
 * @check_cancellable: whether to end as cancelled
 *
 * Sets whether the task ends as cancelled if it was cancelled while it ran, whatever it returns. It
 * counts when it returns.
 *
 * Since: 1.0
 */
void
dag_task_set_check_cancellable (DagTask  *self,
                                gboolean  check_cancellable)
{
  g_return_if_fail (DAG_IS_TASK (self));

  if (dag_task_get_check_cancellable (self) == !!check_cancellable)
    return;

  dag_node_lock (DAG_NODE (self));
  self->ignore_cancellable = !check_cancellable;
  dag_node_unlock (DAG_NODE (self));

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHECK_CANCELLABLE]);
}

/**
 * dag_task_get_return_on_cancel: (get-property return-on-cancel)
 * @self: a task
 *
 * Gets whether the task finishes at once when it is cancelled while it runs.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
dag_task_get_return_on_cancel (DagTask *self)
{
  gboolean return_on_cancel;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  dag_node_lock (DAG_NODE (self));
  return_on_cancel = self->return_on_cancel;
  dag_node_unlock (DAG_NODE (self));

  return return_on_cancel;
}

/**
 * dag_task_set_return_on_cancel: (set-property return-on-cancel)
 * @self: a task that has not returned
 * @return_on_cancel: whether to finish at once
 *
 * Sets whether the task finishes at once when it is cancelled while it runs. It settles when its
 * function returns, and what that returns is freed.
 *
 * Returns: %FALSE if the task was cancelled already, and this has no effect
 *
 * Since: 1.0
 */
gboolean
dag_task_set_return_on_cancel (DagTask  *self,
                               gboolean  return_on_cancel)
{
  gboolean cancelled;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  if (dag_task_get_return_on_cancel (self) == !!return_on_cancel)
    return TRUE;

  dag_node_lock (DAG_NODE (self));
  cancelled = dag_task_is_cancelled (self);
  if (!cancelled)
    self->return_on_cancel = !!return_on_cancel;
  dag_node_unlock (DAG_NODE (self));

  if (cancelled)
    return FALSE;

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RETURN_ON_CANCEL]);

  return TRUE;
}
