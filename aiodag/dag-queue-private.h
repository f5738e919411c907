/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-timers-private.h"

G_BEGIN_DECLS

/* What a main context has to do for the library, in order.
 *
 * A work item is a function and its data. It may be pushed from any thread and is run by one source
 * of the context, with the context pushed as thread-default. When `run` calls somebody's code that
 * is the last thing it does: whatever is left to do after that was put back into the queue before,
 * so that a main loop which that code runs goes on with it.
 *
 * A member is an item that lives in the context for some time. While it does, it is either idle or
 * ready to be started, and it is told when the context is destroyed.
 */
typedef struct _DagQueue DagQueue;
typedef struct _DagItem DagItem;
typedef struct _DagMember DagMember;

typedef struct {
  void     (*run)     (DagItem   *item);

  /* Members only */
  void     (*start)   (DagMember *member);
  void     (*pin)     (DagMember *member);  /* keep it until it is abandoned; under the lock */
  void     (*abandon) (DagMember *member);
} DagItemClass;

struct _DagItem
{
  const DagItemClass *klass;  /* const */
  DagItem            *next;   /* the queue's */
};

/* The queue's; touched only in the owning context. */
struct _DagMember
{
  DagItem    item;
  DagMember *prev;
  DagMember *next;  /* NULL while it is not a member */
};

DagQueue     *dag_queue_get           (GMainContext *context);
DagQueue     *dag_queue_ref           (DagQueue     *self);
void          dag_queue_unref         (DagQueue     *self);

GMainContext *dag_queue_get_context   (DagQueue     *self);
GMainContext *dag_queue_acquire       (DagQueue     *self);
gboolean      dag_queue_is_closed     (DagQueue     *self);
gboolean      dag_queue_is_home       (DagQueue     *self);
gboolean      dag_queue_is_inside     (DagQueue     *self);
gboolean      dag_queue_is_ours       (DagQueue     *self);

/* Any thread */
void          dag_queue_push          (DagQueue     *self,
                                       DagItem      *item);
gboolean      dag_queue_add_member    (DagQueue     *self,
                                       DagMember    *member);
guint         dag_queue_get_budget    (DagQueue     *self);
void          dag_queue_set_budget    (DagQueue     *self,
                                       guint         budget);
int           dag_queue_get_background_priority (DagQueue *self);
void          dag_queue_set_background_priority (DagQueue *self,
                                       int           priority);

/* From `run` and `start` only */
void          dag_queue_push_front    (DagItem      *item);
void          dag_queue_push_later    (DagQueue     *self,
                                       DagItem      *item);
gboolean      dag_queue_step          (DagQueue     *self,
                                       gboolean    (*may_start) (DagMember *member,
                                                                 gpointer   data),
                                       gpointer      data);
gboolean      dag_queue_is_late       (void);
void          dag_queue_note_call     (void);
void          dag_queue_note_notification (void);

/* The owning context only */
void          dag_queue_make_ready    (DagQueue     *self,
                                       DagMember    *member,
                                       int           priority);
void          dag_queue_make_idle     (DagQueue     *self,
                                       DagMember    *member);
void          dag_queue_remove_member (DagQueue     *self,
                                       DagMember    *member);
void          dag_queue_set_timer     (DagQueue     *self,
                                       DagTimer     *timer,
                                       gint64        time);
void          dag_queue_unset_timer   (DagQueue     *self,
                                       DagTimer     *timer);

G_END_DECLS
