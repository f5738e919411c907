/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-queue-private.h"

G_BEGIN_DECLS

/* Rings of items: the handle is the last one, so that both ends are at hand. */

static inline void
ring_append (DagItem **last,
             DagItem  *item)
{
  if (*last != NULL)
    {
      item->next = (*last)->next;
      (*last)->next = item;
    }
  else
    {
      item->next = item;
    }

  *last = item;
}

static inline void
ring_prepend (DagItem **last,
              DagItem  *item)
{
  DagItem *old = *last;

  ring_append (last, item);

  if (old != NULL)
    *last = old;
}

/* Moves all items of another ring behind those of this one. */
static inline void
ring_take (DagItem **last,
           DagItem **other)
{
  DagItem *first = *last != NULL ? (*last)->next : NULL;

  if (*other == NULL)
    return;

  if (first != NULL)
    {
      (*last)->next = (*other)->next;
      (*other)->next = first;
    }

  *last = *other;
  *other = NULL;
}

static inline DagItem *
ring_pop (DagItem **last)
{
  DagItem *item;

  if (*last == NULL)
    return NULL;

  item = (*last)->next;
  if (item == *last)
    *last = NULL;
  else
    (*last)->next = item->next;

  item->next = NULL;

  return item;
}

/* Rings of members */

static inline void
member_ring_init (DagMember *head)
{
  head->prev = head->next = head;
}

static inline gboolean
member_ring_is_empty (DagMember *head)
{
  return head->next == head;
}

static inline void
member_link (DagMember *head,
             DagMember *member)
{
  member->prev = head->prev;
  member->next = head;
  head->prev->next = member;
  head->prev = member;
}

/* Moves all members of another ring behind those of this one. */
static inline void
member_ring_take (DagMember *head,
                  DagMember *other)
{
  if (member_ring_is_empty (other))
    return;

  other->next->prev = head->prev;
  other->prev->next = head;
  head->prev->next = other->next;
  head->prev = other->prev;
  member_ring_init (other);
}

static inline void
member_unlink (DagMember *member)
{
  member->prev->next = member->next;
  member->next->prev = member->prev;
  member->prev = member->next = NULL;
}

G_END_DECLS
