/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-runner-private.h"
#include "dag-task-private.h"

/**
 * DagRunner:
 *
 * Runs the functions of tasks for another language. Only bindings need it.
 *
 * Calling back and forth between languages is what costs most in a task. So a binding that has many
 * of them gives each a number, its *id*, and keeps what belongs to it in a table of its own. The
 * runner sets a property of a target object in the main context that it was made for, and while
 * that is being set the binding takes ids with [method@Dag.Runner.take] until it gets none:
 *
 * - the id of a task: its function is to be called now;
 * - the id of a wait: what was waited for has happened;
 * - an id with a minus sign: a task whose function will never be called, or whose function is at
 *   work and should end because the task was cancelled or is late. The latter may come more than
 *   once, and when the function has just returned.
 *
 * To the id of a task something is added if there is more to know. That needs ids which are multiples
 * of 4, as addresses are:
 *
 * - [const@Dag.RUNNER_AGAIN] if the function may be called again when it has failed, because the task
 *   has a [property@Dag.Task:retry]. The binding has to keep what belongs to the function, however
 *   that ends. The id comes again for each attempt, and with a minus sign while none is at work when
 *   there will be no other one;
 * - [const@Dag.RUNNER_LENDS] if the tasks that the function makes may run on the slots which the task,
 *   or one that has made it, has of its limiters. Which task has made another one is known from when
 *   the binding has taken the id until it takes the next one. Of tasks that the function makes later
 *   the binding says it with [method@Dag.Task.set_creator].
 *
 * The binding ends a task by one of the `dag_task_return_…` functions, or by telling
 * [method@Dag.Runner.take] that the function that it got last has succeeded.
 *
 * A binding that can tell the address of a task need not keep a number with it: a task that is made
 * with the id 0 has its address as its id. The binding has to keep the task until it has taken the id.
 *
 * A property is set, and no callback is called, because that is what always gets through: gjs before
 * 1.81.90 drops callbacks and signals while it collects garbage.
 *
 * The order is that of all tasks: while it looks for the next id, the runner does what else there is
 * to do for tasks in its main context. A function may run a main loop of its own, and the property
 * is set again from there.
 *
 * Since: 1.0
 */

/* What a task has for its runner. */
typedef struct {
  DagRunner *runner;  /* (owned) */
  DagTask   *task;    /* (unowned): const */
  gint64     id;
  gboolean   called;  /* whether the binding has the id */
  gboolean   again;   /* and was told that it may come again */
} DagCall;

/* An id that is to be taken. */
typedef struct {
  gint64   id;
  DagTask *task;  /* (owned) (nullable): so that no other task gets the address */
} DagMail;

/* One setting of the property. There may be others inside of it, by main loops that run in a
 * function, or in what else is called while the next id is looked for.
 */
struct _DagPull
{
  DagPull   *outer;
  int        depth;    /* of the main loop that it is inside of */
  DagMember *next;     /* (unowned) (nullable): the first to be started */
  DagTask   *task;     /* (owned) (nullable): whose function is called, or is to be */
  DagMail   *mail;     /* (owned) (nullable): that was taken last */
  gboolean   single;   /* there is no other task than this one */
  gboolean   begun;    /* the binding has asked */
  gboolean   looking;  /* for the next id: the binding waits for it, and calls no function */
  gboolean   again;    /* the runner was woken meanwhile */
};

G_DEFINE_FINAL_TYPE (DagRunner, dag_runner, G_TYPE_OBJECT)

static void
dag_mail_free (DagMail *self)
{
  g_clear_object (&self->task);
  g_free (self);
}

static void
dag_runner_finalize (GObject *object)
{
  DagRunner *self = DAG_RUNNER (object);

  g_assert (g_hash_table_size (self->waits) == 0);

  g_clear_pointer (&self->waits, g_hash_table_unref);
  g_queue_clear_full (&self->mail, (GDestroyNotify) dag_mail_free);
  g_mutex_clear (&self->lock);
  g_clear_object (&self->target);
  g_clear_pointer (&self->property, g_free);
  g_clear_pointer (&self->queue, dag_queue_unref);

  G_OBJECT_CLASS (dag_runner_parent_class)->finalize (object);
}

static void
dag_runner_class_init (DagRunnerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dag_runner_finalize;
}

static void
dag_runner_init (DagRunner *self)
{
  self->waits = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_mutex_init (&self->lock);
}

static void dag_runner_run (DagItem *item);

static const DagItemClass dag_runner_item_class = {
  .run = dag_runner_run,
};

/**
 * dag_runner_new:
 * @context: (nullable): a main context; %NULL for the one that is thread-default
 * @target: what has the property
 * @property: the name of a boolean property
 *
 * Makes a runner, which sets @property of @target to %TRUE whenever there are ids to be taken.
 *
 * Returns: (transfer full): the runner
 *
 * Since: 1.0
 */
DagRunner *
dag_runner_new (GMainContext *context,
                GObject      *target,
                const char   *property)
{
  DagRunner *self;

  g_return_val_if_fail (G_IS_OBJECT (target), NULL);
  g_return_val_if_fail (property != NULL, NULL);

  self = g_object_new (DAG_TYPE_RUNNER, NULL);
  self->queue = dag_queue_get (context);
  self->target = g_object_ref (target);
  self->property = g_strdup (property);
  self->item.klass = &dag_runner_item_class;

  return self;
}

/**
 * dag_runner_get_context:
 * @self: a runner
 *
 * Gets the main context that the tasks of the runner belong to.
 *
 * Returns: (transfer none) (nullable): the context, %NULL if it was destroyed
 *
 * Since: 1.0
 */
GMainContext *
dag_runner_get_context (DagRunner *self)
{
  g_return_val_if_fail (DAG_IS_RUNNER (self), NULL);

  return dag_queue_get_context (self->queue);
}

/**
 * dag_runner_get_reports_early:
 * @self: a runner
 *
 * Gets what dag_runner_set_reports_early() set.
 *
 * Returns: whether failures are reported early
 *
 * Since: 1.0
 */
gboolean
dag_runner_get_reports_early (DagRunner *self)
{
  g_return_val_if_fail (DAG_IS_RUNNER (self), FALSE);

  return self->reports_early;
}

/**
 * dag_runner_set_reports_early:
 * @self: a runner
 * @reports_early: whether to report failures early
 *
 * Sets whether the failures of tasks that are made from now on are reported, unless somebody has
 * looked at them, in the dispatch after the one in which the task has settled.
 *
 * Otherwise that is when the task is released, which is much later where garbage is collected now
 * and then.
 *
 * Since: 1.0
 */
void
dag_runner_set_reports_early (DagRunner *self,
                              gboolean   reports_early)
{
  g_return_if_fail (DAG_IS_RUNNER (self));

  self->reports_early = reports_early;
}

/* Whether the next id is being looked for right here, and not by what a main loop is inside of. */
static gboolean
dag_runner_is_looking (DagRunner *self)
{
  return self->pull != NULL && self->pull->looking && self->pull->depth == g_main_depth ();
}

static void dag_call_free (gpointer data);

/* The binding has done what it was to do for the last id. */
static void
dag_pull_leave (DagPull  *pull,
                gboolean  succeeded)
{
  DagTask *task = g_steal_pointer (&pull->task);
  DagCall *call = NULL;

  g_clear_pointer (&pull->mail, dag_mail_free);

  if (task == NULL)
    return;

  if (succeeded)
    dag_task_return (task);

  /* Here, because nobody's code is called by that. */
  dag_node_lock (DAG_NODE (task));
  call = task->function_data;
  if (call != NULL && task->returned && !call->again)
    {
      task->function_data = NULL;
      task->function_data_destroy = NULL;
    }
  else
    {
      call = NULL;
    }
  dag_node_unlock (DAG_NODE (task));

  g_clear_pointer (&call, dag_call_free);
  dag_task_leave_function (task);
}

/* Starts the member that was to be started first: its task is that of the pull then. */
static void
dag_pull_start_next (DagPull *pull)
{
  if (pull->next == NULL)
    return;

  pull->looking = TRUE;
  dag_task_start_member (g_steal_pointer (&pull->next));
  pull->looking = FALSE;
}

/* The binding has not asked for the task that there is. */
static void
dag_pull_abandon (DagPull *pull)
{
  dag_pull_start_next (pull);

  if (pull->task != NULL)
    dag_task_return_new_error_literal (pull->task, DAG_ERROR, DAG_ERROR_ABANDONED,
                                       "The language of the function did not call it");
}

static void
dag_runner_pull (DagRunner *self,
                 DagPull   *pull)
{
  DagTask *outer = dag_task_swap_current (NULL);

  g_object_ref (self);

  pull->outer = self->pull;
  pull->depth = g_main_depth ();
  self->pull = pull;

  dag_queue_note_call ();
  g_object_set (self->target, self->property, TRUE, NULL);

  if (!pull->begun)
    dag_pull_abandon (pull);
  dag_pull_leave (pull, FALSE);

  self->pull = pull->outer;
  dag_task_swap_current (outer);

  /* A binding that has not asked would not do so the next time. */
  if (pull->again || (pull->begun && !g_queue_is_empty (&self->mail)))
    dag_runner_wake (self);

  g_object_unref (self);
}

static void
dag_runner_run (DagItem *item)
{
  DagRunner *self = (DagRunner *) ((char *) item - G_STRUCT_OFFSET (DagRunner, item));
  DagPull pull = { NULL, };

  g_atomic_int_set (&self->woken, FALSE);

  /* While it looks the property is being set, and has to be set again after that. */
  if (dag_runner_is_looking (self))
    self->pull->again = TRUE;
  else if (!dag_queue_is_closed (self->queue))
    dag_runner_pull (self, &pull);
  else
    g_queue_clear_full (&self->mail, (GDestroyNotify) dag_mail_free);

  g_object_unref (self);
}

/*< private >
 * dag_runner_post:
 * @task: (nullable): whose id it is, if another task could have that one after it
 *
 * There is an id to be taken. In the owning context.
 */
void
dag_runner_post (DagRunner *self,
                 gint64     id,
                 DagTask   *task)
{
  DagMail *mail;

  if (dag_queue_is_closed (self->queue))
    return;

  mail = g_new (DagMail, 1);
  mail->id = id;
  mail->task = task != NULL ? g_object_ref (task) : NULL;
  g_queue_push_tail (&self->mail, mail);

  if (!dag_runner_is_looking (self))
    dag_runner_wake (self);
}

static void
dag_call_free (gpointer data)
{
  DagCall *self = data;

  if (!self->called || self->again)
    dag_runner_post (self->runner, -self->id, self->called ? self->task : NULL);

  g_object_unref (self->runner);
  g_free (self);
}

/* The function of all tasks of runners. */
static void
dag_call_function (DagTask  *task,
                   gpointer  data)
{
  DagRunner *self = ((DagCall *) data)->runner;

  dag_task_enter_function (task);

  if (dag_runner_is_looking (self) && self->pull->task == NULL)
    {
      self->pull->task = task;
    }
  else
    {
      DagPull own = { .task = task, .single = TRUE };

      dag_runner_pull (self, &own);
    }
}

/* Returns: (nullable): the runner, NULL if the task will not be started after all */
static DagRunner *
dag_member_get_runner (DagMember *member)
{
  DagCall *call = DAG_NODE_TASK (DAG_NODE_MEMBER (member))->function_data;

  return call != NULL ? call->runner : NULL;
}

static void
dag_runner_start_member (DagMember *member)
{
  DagRunner *self = dag_member_get_runner (member);

  if (self == NULL || dag_runner_is_looking (self))
    {
      dag_task_start_member (member);
    }
  else
    {
      DagPull pull = { .next = member };

      dag_runner_pull (self, &pull);
    }
}

static void
dag_runner_run_member (DagItem *item)
{
  DagNode *node = DAG_NODE_MEMBER (item);
  DagTask *task = DAG_NODE_TASK (node);
  DagCall *call = task->function_data;

  /* Between two attempts there is nothing to end, and what was late was the last one. */
  if ((g_atomic_int_get (&node->flags) & (DAG_EVENT_CANCEL | DAG_EVENT_LATE)) && call != NULL &&
      call->called && !task->pausing && (dag_task_is_cancelled (task) || dag_task_is_late (task)))
    dag_runner_post (call->runner, -call->id, task);

  dag_task_run_item (item);
}

static const DagItemClass dag_runner_member_class = {
  .run = dag_runner_run_member,
  .start = dag_runner_start_member,
  .pin = dag_task_pin_member,
  .abandon = dag_task_abandon_member,
};

/* Gets what a task is told of its function: that has a name, which lives as long as the program. */
static const DagFunction *
dag_function_for_name (GQuark name)
{
  static GMutex lock;
  static GHashTable *functions;  /* (element-type GQuark DagFunction) */
  DagFunction *function;

  g_mutex_lock (&lock);

  if (functions == NULL)
    functions = g_hash_table_new (NULL, NULL);

  function = g_hash_table_lookup (functions, GUINT_TO_POINTER (name));
  if (function == NULL)
    {
      function = g_new0 (DagFunction, 1);
      function->name = g_quark_to_string (name);
      g_hash_table_insert (functions, GUINT_TO_POINTER (name), function);
    }

  g_mutex_unlock (&lock);

  return function;
}

/**
 * dag_runner_new_task:
 * @self: a runner
 * @id: the id of the task, more than 0 and never used before; 0 for its address
 * @name: the name of its function; 0 for none
 * @inputs: (array length=n_inputs) (nullable): the tasks whose results its function gets
 * @n_inputs: how many there are
 *
 * Makes a task whose function is in the table of the binding.
 *
 * What the function gets is up to the binding too: @inputs are dependencies, and no arguments.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_runner_new_task (DagRunner        *self,
                     gint64            id,
                     GQuark            name,
                     DagTask * const  *inputs,
                     gsize             n_inputs)
{
  DagTask *task;
  DagCall *call;

  g_return_val_if_fail (DAG_IS_RUNNER (self), NULL);
  g_return_val_if_fail (id >= 0, NULL);
  g_return_val_if_fail (inputs != NULL || n_inputs == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (inputs, n_inputs), NULL);

  task = dag_task_create_for_queue (&dag_runner_member_class, self->queue);

  call = g_new (DagCall, 1);
  call->runner = g_object_ref (self);
  call->task = task;
  call->id = id != 0 ? id : (gint64) GPOINTER_TO_SIZE (task);
  call->called = FALSE;
  call->again = FALSE;

  task->definition = name != 0 ? dag_function_for_name (name) : NULL;
  task->function = dag_call_function;
  task->function_data = call;
  task->function_data_destroy = dag_call_free;
  task->foreign = TRUE;
  task->reports_early = self->reports_early;

  dag_node_attach_inputs (DAG_NODE (task), (DagNode *const *) inputs, n_inputs, DAG_RULE_SUCCEEDED,
                          FALSE);
  dag_task_publish (task);

  return task;
}

/**
 * dag_runner_new_small_task:
 * @self: a runner
 * @id: the id of the task, more than 0 and never used before; 0 for its address
 * @name: the name of its function; 0 for none
 * @first: (nullable): a task whose result its function gets
 * @second: (nullable): another one
 * @third: (nullable): another one
 *
 * Makes a task as [method@Dag.Runner.new_task] does, with no more than three inputs.
 *
 * In some languages it costs as much to make an array for C as it does to make the task.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_runner_new_small_task (DagRunner *self,
                           gint64     id,
                           GQuark     name,
                           DagTask   *first,
                           DagTask   *second,
                           DagTask   *third)
{
  DagTask *const given[] = { first, second, third };
  DagTask *inputs[G_N_ELEMENTS (given)];
  gsize n_inputs = 0;

  g_return_val_if_fail (DAG_IS_RUNNER (self), NULL);
  g_return_val_if_fail (id >= 0, NULL);
  g_return_val_if_fail (first == NULL || DAG_IS_TASK (first), NULL);
  g_return_val_if_fail (second == NULL || DAG_IS_TASK (second), NULL);
  g_return_val_if_fail (third == NULL || DAG_IS_TASK (third), NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (given); i++)
    if (given[i] != NULL)
      inputs[n_inputs++] = given[i];

  return dag_runner_new_task (self, id, name, inputs, n_inputs);
}

/**
 * dag_runner_fail:
 * @self: a runner
 * @task: a task, whose function has failed
 * @error: what went wrong
 * @location: (nullable): where the task was made
 * @details: (nullable): what else to report if nobody looks at the failure, such as a stack trace
 *
 * Ends a task with a failure, as [method@Dag.Task.return_error] does.
 *
 * Since: 1.0
 */
void
dag_runner_fail (DagRunner    *self,
                 DagTask      *task,
                 const GError *error,
                 const char   *location,
                 const char   *details)
{
  g_return_if_fail (DAG_IS_RUNNER (self));
  g_return_if_fail (DAG_IS_TASK (task));
  g_return_if_fail (error != NULL);

  if (location != NULL)
    dag_task_at (task, g_intern_string (location));

  dag_task_return_detailed_error (task, g_error_copy (error), details, G_STRFUNC);
}

/* The binding is going to call the function. Returns the id, and what there is to know. */
static gint64
dag_pull_call (DagPull *pull)
{
  DagTask *task = pull->task;
  DagCall *call = task->function_data;
  gint64 id = call->id;

  call->called = TRUE;

  if (dag_task_peek_rare (task) != NULL)
    {
      call->again = dag_task_counts_attempts (task);
      id += (call->again ? DAG_RUNNER_AGAIN : 0) + (dag_task_lends (task) ? DAG_RUNNER_LENDS : 0);
    }

  return id;
}

/* Whether that was to end an attempt which has returned meanwhile. */
static gboolean
dag_mail_is_stale (DagMail *self)
{
  return self->task != NULL && self->task->function_data != NULL &&
         !dag_task_is_cancelled (self->task) && !dag_task_is_late (self->task);
}

static gboolean
dag_runner_may_start (DagMember *member,
                      gpointer   data)
{
  return member->item.klass == &dag_runner_member_class && dag_member_get_runner (member) == data;
}

/* Goes on with the queue until there is an id. */
static gint64
dag_runner_find (DagRunner *self,
                 DagPull   *pull)
{
  do
    {
      /* Before anybody can cancel it. */
      if (pull->task != NULL)
        return dag_pull_call (pull);

      pull->mail = g_queue_pop_head (&self->mail);
      if (pull->mail != NULL && !dag_mail_is_stale (pull->mail))
        return pull->mail->id;
      g_clear_pointer (&pull->mail, dag_mail_free);
    }
  while (!pull->single && dag_queue_step (self->queue, dag_runner_may_start, self));

  return 0;
}

/**
 * dag_runner_take:
 * @self: a runner
 * @succeeded: whether the function that was called for the last id has succeeded, with no value;
 *   if not, it has returned by itself, or goes on
 *
 * Takes the next id, while the property is being set. See [class@Dag.Runner] for what ids mean, and
 * what may be added to them.
 *
 * Returns: an id, 0 if there is none
 *
 * Since: 1.0
 */
gint64
dag_runner_take (DagRunner *self,
                 gboolean   succeeded)
{
  DagPull *pull;
  gint64 id;

  g_return_val_if_fail (DAG_IS_RUNNER (self), 0);
  g_return_val_if_fail (self->pull != NULL && self->pull->depth == g_main_depth (), 0);

  pull = self->pull;
  dag_task_swap_current (NULL);
  if (pull->begun)
    dag_pull_leave (pull, succeeded);
  else
    dag_pull_start_next (pull);

  /* The binding may have done anything meanwhile. */
  dag_queue_note_call ();
  if (pull->begun && dag_queue_is_late ())
    return 0;

  pull->begun = TRUE;
  pull->looking = TRUE;
  id = dag_runner_find (self, pull);
  pull->looking = FALSE;

  /* What is made now is made by its function. */
  dag_task_swap_current (pull->task);

  return id;
}

/**
 * dag_runner_wake:
 * @self: a runner
 *
 * Has the property set in a later dispatch, even if there is no id to be taken. From any thread.
 *
 * Since: 1.0
 */
void
dag_runner_wake (DagRunner *self)
{
  g_return_if_fail (DAG_IS_RUNNER (self));

  if (!g_atomic_int_compare_and_exchange (&self->woken, FALSE, TRUE))
    return;

  g_object_ref (self);
  dag_queue_push (self->queue, &self->item);
}
