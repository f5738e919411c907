/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

/* What an object owns: the tasks that are cancelled when it is disposed of.
 *
 * An object has one of these for good once it has owned a task, and hears of its own end in one
 * place. A task is a link in a ring there. So it can leave from whatever thread it ends in without
 * touching the object, which may be on its way out in another one, and however many tasks an object
 * has, each comes and goes in constant time.
 */
typedef struct _DagOwner DagOwner;
typedef struct _DagOwnerSignal DagOwnerSignal;

/* A task that has an owner, until it finishes. */
struct _DagOwnerLink
{
  DagTask      *task;   /* (unowned): const; it is there until it settles, and leaves before */
  DagOwner     *owner;  /* (owned): const */

  /* The owner's lock */
  DagOwnerLink *prev;
  DagOwnerLink *next;   /* NULL when it has been told */
};

/* The tasks that wait for a signal of the object, or for none but its end. */
struct _DagOwnerSignal
{
  DagOwnerSignal *next;     /* the owner's lock */
  DagOwner       *owner;    /* (unowned): const */
  guint           id;       /* const; 0: there is none */
  GQuark          detail;   /* const */
  gulong          handler;  /* the owner's lock */
  DagOwnerLink    links;    /* the owner's lock: the head of a ring */
};

struct _DagOwner
{
  gatomicrefcount  ref_count;

  GMutex           lock;
  DagOwnerSignal  *signals;  /* (owned) */
  gboolean         watches;  /* whether it hears when the object is disposed of */
};

/* Two threads may be the first to give something to an object. */
static GMutex owners_lock;

static DagOwner *
dag_owner_ref (DagOwner *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
dag_owner_unref (gpointer data)
{
  DagOwner *self = data;
  DagOwnerSignal *signal;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  while ((signal = self->signals) != NULL)
    {
      self->signals = signal->next;
      g_free (signal);
    }

  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
dag_owner_unref_closure (gpointer  data,
                         GClosure *closure)
{
  dag_owner_unref (data);
}

/* Gets what an object owns, making it if need be. */
static DagOwner *
dag_owner_get (GObject *object)
{
  static GQuark quark;
  DagOwner *self;

  g_mutex_lock (&owners_lock);

  if (quark == 0)
    quark = g_quark_from_static_string ("dag-owner");

  self = g_object_get_qdata (object, quark);
  if (self == NULL)
    {
      self = g_new0 (DagOwner, 1);
      g_atomic_ref_count_init (&self->ref_count);
      g_mutex_init (&self->lock);
      g_object_set_qdata_full (object, quark, self, dag_owner_unref);
    }
  dag_owner_ref (self);

  g_mutex_unlock (&owners_lock);

  return self;
}

/* Takes out the tasks that wait for a signal. Under the lock. */
static void
dag_owner_signal_take (DagOwnerSignal *self,
                       GPtrArray      *tasks)
{
  DagOwnerLink *link, *next;

  for (link = self->links.next; link != &self->links; link = next)
    {
      next = link->next;
      link->prev = link->next = NULL;
      g_ptr_array_add (tasks, g_object_ref (link->task));
    }

  self->links.prev = self->links.next = &self->links;
}

static void
cancel_all (GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
    dag_task_cancel (g_ptr_array_index (tasks, i));

  g_ptr_array_unref (tasks);
}

/* In whatever thread that is. */
static void
owner_disposed_cb (gpointer  data,
                   GObject  *object)
{
  DagOwner *self = data;
  GPtrArray *tasks = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  /* It may be disposed of more than once, and own something again until then. */
  self->watches = FALSE;
  for (DagOwnerSignal *signal = self->signals; signal != NULL; signal = signal->next)
    dag_owner_signal_take (signal, tasks);
  g_mutex_unlock (&self->lock);

  cancel_all (tasks);
  dag_owner_unref (self);
}

/* The same. What a handler of the signal gets and returns is not looked at, but one that stops the
 * emission is never followed by this.
 */
static void
owner_signal_marshal (GClosure     *closure,
                      GValue       *return_value,
                      guint         n_params,
                      const GValue *params,
                      gpointer      hint,
                      gpointer      marshal_data)
{
  DagOwnerSignal *signal = closure->data;
  DagOwner *self = signal->owner;
  GPtrArray *tasks = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  dag_owner_signal_take (signal, tasks);
  g_mutex_unlock (&self->lock);

  cancel_all (tasks);
}

/* Under the lock. */
static DagOwnerSignal *
dag_owner_get_signal (DagOwner *self,
                      guint     id,
                      GQuark    detail)
{
  DagOwnerSignal *signal;

  for (signal = self->signals; signal != NULL; signal = signal->next)
    if (signal->id == id && signal->detail == detail)
      return signal;

  signal = g_new0 (DagOwnerSignal, 1);
  signal->owner = self;
  signal->id = id;
  signal->detail = detail;
  signal->links.prev = signal->links.next = &signal->links;
  signal->next = self->signals;
  self->signals = signal;

  return signal;
}

/* Has the object tell of its end, and of a signal, if it does not yet. That runs nobody's code, so
 * it is done under the lock: another thread that finds it done may count on it.
 */
static void
dag_owner_watch (DagOwner       *self,
                 GObject        *object,
                 DagOwnerSignal *signal)
{
  GClosure *closure;

  if (!self->watches)
    {
      self->watches = TRUE;
      g_object_weak_ref (object, owner_disposed_cb, dag_owner_ref (self));
    }

  if (signal->id == 0 ||
      (signal->handler != 0 && g_signal_handler_is_connected (object, signal->handler)))
    return;

  closure = g_closure_new_simple (sizeof (GClosure), signal);
  g_closure_set_marshal (closure, owner_signal_marshal);
  g_closure_add_finalize_notifier (closure, dag_owner_ref (self), dag_owner_unref_closure);
  signal->handler = g_signal_connect_closure_by_id (object, signal->id, signal->detail, closure,
                                                    FALSE);
}

static DagOwnerLink *
dag_owner_link_new (DagTask *task,
                    GObject *object,
                    guint    signal_id,
                    GQuark   detail)
{
  DagOwnerLink *self = g_new0 (DagOwnerLink, 1);
  DagOwnerSignal *signal;

  self->task = task;
  self->owner = dag_owner_get (object);

  g_mutex_lock (&self->owner->lock);

  signal = dag_owner_get_signal (self->owner, signal_id, detail);
  self->next = &signal->links;
  self->prev = signal->links.prev;
  self->prev->next = self;
  self->next->prev = self;
  dag_owner_watch (self->owner, object, signal);

  g_mutex_unlock (&self->owner->lock);

  return self;
}

static void
dag_owner_link_free (DagOwnerLink *self)
{
  g_mutex_lock (&self->owner->lock);
  if (self->next != NULL)
    {
      self->prev->next = self->next;
      self->next->prev = self->prev;
    }
  g_mutex_unlock (&self->owner->lock);

  dag_owner_unref (self->owner);
  g_free (self);
}

/*< private >
 * dag_task_leave_owner:
 *
 * Has no owner any more.
 */
void
dag_task_leave_owner (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagOwnerLink *link;

  if (rare == NULL || g_atomic_pointer_get (&rare->owner_link) == NULL)
    return;

  link = g_atomic_pointer_exchange (&rare->owner_link, NULL);
  g_clear_pointer (&link, dag_owner_link_free);
}

/**
 * dag_task_set_owner:
 * @self: a task
 * @owner: (nullable): an object
 * @signal_name: (nullable): a signal of @owner, with a detail if it has one
 *
 * Has the task be cancelled, as by [method@Dag.Task.cancel], when @owner is disposed of, or when it
 * emits the signal: a task that is of use to a window alone ends with the window, or when that is
 * not shown any more. The signal is not seen if a handler that was connected before stops the
 * emission.
 *
 * If that is before the function is called, in the thread that owns the context of the task, the
 * function is not called. Who awaits the task gets %G_IO_ERROR_CANCELLED. Nothing happens to a task
 * that has finished.
 *
 * The task does not keep its owner, and the owner does not keep the task. When the task finishes it
 * leaves the owner, in constant time. A task has one owner at most: another one takes its place, and
 * with %NULL it has none. An @owner that was disposed of, and is referenced still, is disposed of
 * again when the last reference is dropped.
 *
 * This may be called from any thread that has a reference to @owner for so long, and @owner may be
 * disposed of, and emit its signal, in any thread. To drop the last reference to a widget is for the
 * thread of its toolkit only; the library does not take one.
 *
 * A handler of [signal@Dag.Task::finished] is tied to an object by `g_signal_connect_object ()` or
 * `g_object_watch_closure ()`.
 *
 * Since: 1.0
 */
void
dag_task_set_owner (DagTask    *self,
                    GObject    *owner,
                    const char *signal_name)
{
  DagOwnerLink *link;
  guint signal_id = 0;
  GQuark detail = 0;
  DagTaskRare *rare;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (owner == NULL || G_IS_OBJECT (owner));
  g_return_if_fail (owner != NULL || signal_name == NULL);

  if (signal_name != NULL &&
      !g_signal_parse_name (signal_name, G_OBJECT_TYPE (owner), &signal_id, &detail, TRUE))
    {
      g_critical ("%s: a %s has no signal '%s'", G_STRFUNC, G_OBJECT_TYPE_NAME (owner), signal_name);
      return;
    }

  if (owner == NULL)
    {
      dag_task_leave_owner (self);
      return;
    }

  rare = dag_task_get_rare (self);
  link = dag_owner_link_new (self, owner, signal_id, detail);

  /* When it has finished it leaves its owner, once. Otherwise it leaves the last one here. */
  dag_node_lock (DAG_NODE (self));
  if (!DAG_NODE (self)->finished)
    link = g_atomic_pointer_exchange (&rare->owner_link, link);
  dag_node_unlock (DAG_NODE (self));

  g_clear_pointer (&link, dag_owner_link_free);
}
