/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-task-private.h"

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

/* Set while a constructor of ours makes the instance, which it publishes when it is complete. */
static _Thread_local gboolean creating;

static void dag_task_async_result_init (GAsyncResultIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DagTask, dag_task, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT,
                                                      dag_task_async_result_init))

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

  g_assert (!dag_node_is_kept (node));

  dag_task_free_estate (self);
  dag_node_clear (node);

  G_OBJECT_CLASS (dag_task_parent_class)->finalize (object);
}

static void
dag_task_class_init (DagTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = dag_task_constructed;
  object_class->dispose = dag_task_dispose;
  object_class->finalize = dag_task_finalize;
  dag_task_class_install (object_class);
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

  dag_task_note_creator (self);

  if (!self->external)
    dag_task_pin (self);

  /* Before anything can come of it. */
  if (!dag_queue_add_member (node->queue, &node->member))
    dag_node_raise (node, DAG_EVENT_CLOSED);

  dag_node_publish (node);
}
