/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-claim-private.h"
#include "dag-node-private.h"
#include "dag-outcome-private.h"
#include "dag-pool-private.h"
#include "dag-task.h"

G_BEGIN_DECLS

typedef struct _DagWait DagWait;
typedef struct _DagParentLink DagParentLink;
typedef struct _DagTaskRetry DagTaskRetry;
typedef struct _DagOwnerLink DagOwnerLink;
typedef struct _DagThreadCall DagThreadCall;

/* How long a task may take. */
typedef struct {
  DagTimer timer;     /* the owning context */
  DagTask *task;      /* (unowned): const */

  /* Under the lock */
  guint    timeout;   /* ms; 0 for none */
  guint    deadline;  /* ms; 0 for none */
  gint64   begin;     /* from when the timeout counts, in µs of the monotonic clock; 0 if it does not
                       * yet */
  gint64   end;       /* when the deadline is over, in µs of the monotonic clock */
} DagTaskTime;

/* What few tasks have. */
typedef struct {
  char                *name;             /* the owning context */
  char                *details;          /* (nullable): of the failure; who returned set it */

  /* Under the lock */
  GCancellable        *cancellable;      /* (owned) (nullable): its own */
  GCancellable        *parent;           /* (owned) (nullable): the one that it follows */
  DagParentLink       *parent_link;      /* (owned) (nullable) */
  gulong               parent_handler;
  DagWait             *waits;            /* last of a ring: until it finishes */
  DagWait             *settle_waits;     /* last of a ring: until it settles */
  DagWorker           *worker;           /* (owned) (nullable): for its thread functions */
  DagThreadCall       *calls;            /* (owned): the last first; those that wait for a thread */

  DagTask             *value_owner;      /* (owned) (nullable): whose value it is */
  DagTaskTime         *time;             /* (owned) (nullable): atomic */
  DagOwnerLink        *owner_link;       /* (owned) (nullable): atomic; until it finishes */
  DagTaskRetry        *retry;            /* (owned) (nullable): atomic */

  /* Until it starts: the owning context, or who builds it while it is held */
  DagClaim            *claim;            /* (owned) (nullable): to slots of limiters */
  DagClaim            *creator;          /* (owned) (nullable): of who made it */

  /* The GTask face: const, or set by whoever returns */
  gpointer             source_object;    /* (owned) (nullable) */
  gpointer             source_tag;
  GAsyncReadyCallback  callback;
  gpointer             callback_data;
  gpointer             task_data;
  GDestroyNotify       task_data_destroy;
} DagTaskRare;

/* The steps of the end of a task, in order. */
typedef enum {
  DAG_PHASE_OPEN,
  DAG_PHASE_NOTIFY,
  DAG_PHASE_FINISHED,
  DAG_PHASE_CALLBACK,
  DAG_PHASE_WAITS,
  DAG_PHASE_TELL_FINISHED,
  DAG_PHASE_SETTLE,
  DAG_PHASE_TELL_SETTLED,
  DAG_PHASE_NOTIFY_SETTLED,
  DAG_PHASE_SETTLE_WAITS,
  DAG_PHASE_LEAVE,
  DAG_PHASE_DONE,
} DagPhase;

struct _DagTask
{
  DagNode             node;

  /* Until it starts: the owning context, or who builds it while it is held */
  const DagFunction  *definition;             /* (nullable) */
  DagTaskFunc         function;               /* (nullable) */
  gpointer            function_data;
  GDestroyNotify      function_data_destroy;

  /* Under the lock until it starts; an input that is not raw is a GValue of type 0 with its edge in
   * the data. Where all are such inputs, in the order of the first edges, there is no array; else
   * that has room for a power of two of them.
   */
  GValue             *arguments;              /* (nullable) */
  guint               n_arguments;
  guint               n_prepared_arguments;   /* the owning context */

  int                 priority;               /* atomic */
  guint               n_threads;              /* under the lock: thread functions that have not come
                                               * back */
  const char         *location;               /* (nullable): atomic, static */
  DagTaskRare        *rare;                   /* (owned) (nullable): atomic */

  /* Under the lock */
  DagOutcome          outcome;                /* const once it has finished */
  guint8              external;           /* const: it stands for a callback */
  guint8              returned;           /* the function did */
  guint8              following;          /* it did so with another task */
  guint8              ended;              /* the library set the outcome */
  guint8              kept;               /* the queue keeps it until it leaves */
  guint8              ignore_cancellable;
  guint8              return_on_cancel;
  guint8              foreign;          /* const: its value may be kept by another language */
  guint8              reports_early;    /* const: does not wait with it until it is released */
  guint8              cancelling;         /* its own cancellable is or will be cancelled */
  guint8              late;               /* it has taken longer than it may */
  guint8              pausing;            /* the function has failed, and will be called again */
  guint8              waits_over;         /* who waits for it to finish need not */
  guint8              settle_waits_over;

  /* The owning context */
  guint8              phase;
  guint8              starting;               /* its arguments are being prepared */
  guint8              on_stack;               /* its function is being called */
  guint8              released;               /* what only the function needed is freed */
  guint8              unobserved;             /* it ended, settled and nobody listened, just now */
};

#define DAG_NODE_TASK(ptr) ((DagTask *) (ptr))

DagTask      *dag_task_create              (void);
DagTask      *dag_task_create_for_queue    (const DagItemClass *klass,
                                            DagQueue        *queue);
gboolean      dag_task_are_tasks           (DagTask * const *tasks,
                                            gsize            n_tasks);
gboolean      dag_task_are_arguments       (const GValue    *values,
                                            gsize            n_values);
void          dag_task_publish             (DagTask         *self);
DagTaskRare  *dag_task_get_rare            (DagTask         *self);
char         *dag_task_describe            (DagTask         *self);
void          dag_task_complain            (DagTask         *self,
                                            const char      *caller,
                                            const char      *format,
                                            ...) G_GNUC_PRINTF (3, 4);
void          dag_task_class_install       (GObjectClass    *object_class);
void          dag_task_notify_state        (DagTask         *self);
void          dag_task_notify_settled      (DagTask         *self);
void          dag_task_emit_started        (DagTask         *self);
void          dag_task_emit_finished       (DagTask         *self);
gboolean      dag_task_is_observed         (DagTask         *self);

extern const DagItemClass dag_task_item_class;
void          dag_task_run_item            (DagItem         *item);
void          dag_task_start_member        (DagMember       *member);
void          dag_task_pin_member          (DagMember       *member);
void          dag_task_abandon_member      (DagMember       *member);
void          dag_task_enter_function      (DagTask         *self);
void          dag_task_leave_function      (DagTask         *self);

void          dag_task_end                 (DagTask         *self,
                                            GError          *error);
void          dag_task_inherit             (DagTask         *self,
                                            DagTrace        *hop);
void          dag_task_advance             (DagTask         *self);
void          dag_task_pin                 (DagTask         *self);

void          dag_task_return_outcome      (DagTask         *self,
                                            DagOutcome      *outcome,
                                            const char      *caller);
void          dag_task_return_detailed_error (DagTask       *self,
                                            GError          *error,
                                            const char      *details,
                                            const char      *caller);
GError       *dag_task_new_cancelled_error (void);

void          dag_task_free_estate         (DagTask         *self);
void          dag_task_discard_outcome     (DagTask         *self,
                                            DagOutcome      *outcome);

void          dag_task_take_argument       (DagTask         *self,
                                            const GValue    *value,
                                            DagEdge         *edge);
void          dag_task_take_inputs         (DagTask         *self,
                                            DagTask * const *tasks,
                                            gsize            n_tasks,
                                            DagRule          rule,
                                            gboolean         raw);
void          dag_task_spell_out_arguments (DagTask         *self);
void          dag_task_init_argument       (DagTask         *self,
                                            const GValue    *value,
                                            gboolean         raw);
gboolean      dag_task_prepare_arguments   (DagTask         *self,
                                            GError         **error);
gboolean      dag_task_free_arguments      (DagTask         *self);
gboolean      dag_value_convert            (const GValue    *value,
                                            GType            type,
                                            GValue          *converted);

/* Returns: (nullable): what few tasks have */

static inline DagTaskRare *
dag_task_peek_rare (DagTask *self)
{
  return g_atomic_pointer_get (&self->rare);
}

/* Whether the function may still be called, and is not yet. Under the lock; in the owning context
 * also while no thread can begin with it.
 */

static inline gboolean
dag_task_is_to_start (DagTask *self)
{
  return !DAG_NODE (self)->started || self->pausing;
}

/* Whether arguments can be added, or change what they are. Under the lock. */

static inline gboolean
dag_task_is_open (DagTask *self)
{
  return !DAG_NODE (self)->started && !DAG_NODE (self)->released && !DAG_NODE (self)->finished;
}

/* It can be started, by its priority. In the owning context. */

static inline void
dag_task_make_ready (DagTask *self)
{
  dag_queue_make_ready (DAG_NODE (self)->queue, &DAG_NODE (self)->member,
                        dag_task_get_priority (self));
}

/* An input that is not raw has no value of its own: the function reads that of the dependency. */

static inline gboolean
dag_argument_is_input (const GValue *argument)
{
  return G_VALUE_TYPE (argument) == 0;
}

/* Returns: (nullable): the edge of such an input, %NULL if the argument has a value. */

static inline DagEdge *
dag_task_peek_input (DagTask *self,
                     guint    index)
{
  if (self->arguments == NULL)
    return dag_node_get_first_edges (DAG_NODE (self)) + index;

  return dag_argument_is_input (&self->arguments[index]) ? self->arguments[index].data[0].v_pointer
                                                         : NULL;
}

GError       *dag_task_new_cycle_error     (DagTask         *self,
                                            GPtrArray       *path);

void          dag_task_cancel_own          (DagTask         *self);
GError       *dag_task_begin_time          (DagTask         *self);
void          dag_task_end_timeout         (DagTask         *self);
gboolean      dag_task_is_past_deadline    (DagTask         *self);
void          dag_task_note_begin          (DagTask         *self);
gboolean      dag_task_check_late          (DagTask         *self);
void          dag_task_leave_time          (DagTask         *self);
void          dag_task_handle_time         (DagTask         *self);
GError       *dag_task_new_late_error      (DagTask         *self);
void          dag_task_leave_parent        (DagTask         *self);
void          dag_task_leave_owner         (DagTask         *self);

gboolean      dag_task_has_retry           (DagTask         *self);
gboolean      dag_task_has_attempts        (DagTask         *self);
gboolean      dag_task_counts_attempts     (DagTask         *self);
gboolean      dag_task_may_try_again       (DagTask         *self);
void          dag_task_begin_attempt       (DagTask         *self);
gboolean      dag_task_try_again           (DagTask         *self);
void          dag_task_handle_pause_over   (DagTask         *self);
void          dag_task_leave_retry         (DagTask         *self);
void          dag_task_retry_free          (DagTaskRetry    *self);

DagTask      *dag_task_swap_current        (DagTask         *task);
void          dag_task_note_creator        (DagTask         *self);
gboolean      dag_task_lends               (DagTask         *self);
gboolean      dag_task_ask_limiters        (DagTask         *self);
void          dag_task_leave_limiters      (DagTask         *self);
void          dag_task_close_limiters      (DagTask         *self);
gboolean      dag_task_change_turn         (DagTask         *self);
void          dag_task_handle_turn         (DagTask         *self);

void          dag_task_start_wait          (DagTask         *self,
                                            DagQueue        *queue,
                                            gboolean         settle,
                                            GCancellable    *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer         user_data);
gboolean      dag_task_deliver_waits       (DagTask         *self,
                                            gboolean         settled);

const GValue *dag_task_propagate_outcome   (DagTask         *self,
                                            GError         **error);
void          dag_wait_block               (DagTask         *task,
                                            GCancellable    *cancellable);

DagTask      *dag_task_get_thread_current  (void);
gboolean      dag_task_is_for_thread       (DagTask         *self);
gboolean      dag_task_needs_pool          (DagTask         *self,
                                            DagPool         *pool);
void          dag_task_queue_call          (DagTask         *self);
void          dag_task_move_calls          (DagTask         *self);
gboolean      dag_task_drop_calls          (DagTask         *self);
gboolean      dag_task_take_back           (DagTask         *self);
gboolean      dag_task_handle_thread       (DagTask         *self,
                                            gboolean         has_returned);
void          dag_task_handle_priority     (DagTask         *self);

G_END_DECLS
