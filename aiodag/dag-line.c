/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-line-private.h"

struct _DagLine
{
  guint      ref_count;  /* of places and of lines that have become part of it */
  DagLine   *whole;      /* (owned) (nullable): the line that it has become part of */
  DagPlace  *first;      /* the heap; none is owned */

  guint      n_needs;
  DagNeed    needs[];    /* in the order of the addresses of the limiters */
};

/* Lines that have places, by what they wait for. Under the lock of all limiters, as everything
 * here.
 */
static GHashTable *lines;  /* (element-type DagLine DagLine): none is owned */
static guint64 last_order;

/* The heap of places */

static gboolean
dag_place_is_before (DagPlace *self,
                     DagPlace *other)
{
  return self->priority != other->priority ? self->priority < other->priority
                                           : self->order < other->order;
}

static DagPlace *
heap_join (DagPlace *first,
           DagPlace *other)
{
  if (first == NULL || other == NULL)
    return first != NULL ? first : other;

  if (dag_place_is_before (other, first))
    {
      DagPlace *later = first;

      first = other;
      other = later;
    }

  other->prev = first;
  other->next = first->child;
  if (first->child != NULL)
    first->child->prev = other;
  first->child = other;

  return first;
}

/* Makes one heap of a list of them: of each two, then of these from the last one on. */
static DagPlace *
heap_join_all (DagPlace *list)
{
  DagPlace *pairs = NULL, *first = NULL;

  while (list != NULL)
    {
      DagPlace *one = list, *other = list->next;

      list = other != NULL ? other->next : NULL;
      one->next = one->prev = NULL;
      if (other != NULL)
        other->next = other->prev = NULL;

      one = heap_join (one, other);
      one->next = pairs;
      pairs = one;
    }

  while (pairs != NULL)
    {
      DagPlace *one = pairs;

      pairs = one->next;
      one->next = NULL;
      first = heap_join (first, one);
    }

  return first;
}

static DagPlace *
heap_remove (DagPlace *first,
             DagPlace *place)
{
  DagPlace *behind = heap_join_all (g_steal_pointer (&place->child));

  if (place == first)
    return behind;

  if (place->prev->child == place)
    place->prev->child = place->next;
  else
    place->prev->next = place->next;
  if (place->next != NULL)
    place->next->prev = place->prev;
  place->next = place->prev = NULL;

  return heap_join (first, behind);
}

/* Lines */

static guint
dag_line_hash (gconstpointer data)
{
  const DagLine *self = data;
  guint hash = self->n_needs;

  for (guint i = 0; i < self->n_needs; i++)
    hash = (hash * 31 + g_direct_hash (self->needs[i].limiter)) * 31 +
           g_direct_hash (self->needs[i].lender);

  return hash;
}

static gboolean
dag_line_equal (gconstpointer a,
                gconstpointer b)
{
  const DagLine *self = a, *other = b;

  if (self->n_needs != other->n_needs)
    return FALSE;

  for (guint i = 0; i < self->n_needs; i++)
    if (self->needs[i].limiter != other->needs[i].limiter ||
        self->needs[i].lender != other->needs[i].lender)
      return FALSE;

  return TRUE;
}

static DagLine *
dag_line_new (const DagNeed *needs,
              guint          n_needs)
{
  DagLine *self = g_malloc0 (sizeof (DagLine) + n_needs * sizeof (DagNeed));

  self->n_needs = n_needs;
  for (guint i = 0; i < n_needs; i++)
    {
      self->needs[i].limiter = needs[i].limiter;
      self->needs[i].lender = needs[i].lender;
      self->needs[i].in_limiter.data = self;
      self->needs[i].in_lender.data = self;
    }

  return self;
}

static void
dag_line_unref (DagLine *self)
{
  while (self != NULL && --self->ref_count == 0)
    {
      DagLine *whole = self->whole;

      g_free (self);
      self = whole;
    }
}

/* Enters the line where it is found. */
static void
dag_line_link (DagLine *self)
{
  for (guint i = 0; i < self->n_needs; i++)
    {
      DagNeed *need = &self->needs[i];

      g_queue_push_tail_link (&need->limiter->lines, &need->in_limiter);
      if (need->lender != NULL)
        g_queue_push_tail_link (&need->lender->lines, &need->in_lender);
    }

  g_hash_table_add (lines, self);
}

static void
dag_line_unlink (DagLine *self)
{
  g_hash_table_remove (lines, self);

  for (guint i = 0; i < self->n_needs; i++)
    {
      DagNeed *need = &self->needs[i];

      g_queue_unlink (&need->limiter->lines, &need->in_limiter);
      if (need->lender != NULL)
        g_queue_unlink (&need->lender->lines, &need->in_lender);
    }
}

/* The line that a place is in, which may have become part of another one, and that too. */
static DagLine *
dag_place_get_line (DagPlace *place)
{
  DagLine *line = place->line;

  if (line->whole == NULL)
    return line;

  while (line->whole != NULL)
    line = line->whole;

  line->ref_count++;
  dag_line_unref (place->line);
  place->line = line;

  return line;
}

static void
dag_line_enter (DagPlace      *place,
                const DagNeed *needs,
                guint          n_needs)
{
  DagLine *line = dag_line_new (needs, n_needs), *found;

  if (lines == NULL)
    lines = g_hash_table_new (dag_line_hash, dag_line_equal);

  found = g_hash_table_lookup (lines, line);
  if (found != NULL)
    {
      g_free (line);
      line = found;
    }
  else
    {
      dag_line_link (line);
    }

  place->line = line;
  line->ref_count++;
  line->first = heap_join (line->first, place);

  for (guint i = 0; i < n_needs; i++)
    needs[i].limiter->n_waiting++;
}

/*< private >
 * dag_line_join:
 * @place: a place with a priority that is in no line
 * @needs: what to wait for, in the order of the addresses of the limiters
 *
 * Has a place be in the line of those who wait for the same.
 */
void
dag_line_join (DagPlace      *place,
               const DagNeed *needs,
               guint          n_needs)
{
  place->order = ++last_order;
  dag_line_enter (place, needs, n_needs);
}

/*< private >
 * dag_line_leave:
 *
 * Has a place be in no line any more.
 */
void
dag_line_leave (DagPlace *place)
{
  DagLine *line = dag_place_get_line (place);

  line->first = heap_remove (line->first, place);
  if (line->first == NULL)
    dag_line_unlink (line);

  for (guint i = 0; i < line->n_needs; i++)
    line->needs[i].limiter->n_waiting--;

  place->line = NULL;
  dag_line_unref (line);
}

/*< private >
 * dag_line_move:
 *
 * Has a place be where it belongs with another priority.
 */
void
dag_line_move (DagPlace *place,
               int       priority)
{
  DagLine *line = dag_place_get_line (place);

  line->first = heap_remove (line->first, place);
  place->priority = priority;
  line->first = heap_join (line->first, place);
}

/*< private >
 * dag_line_change:
 * @needs: what to wait for now
 *
 * Has a place be in another line, as if it had always been there.
 */
void
dag_line_change (DagPlace      *place,
                 const DagNeed *needs,
                 guint          n_needs)
{
  dag_line_leave (place);
  dag_line_enter (place, needs, n_needs);
}

DagPlace *
dag_line_get_first (DagLine *self)
{
  return self->first;
}

DagNeed *
dag_line_get_needs (DagLine *self)
{
  return self->needs;
}

/*< private >
 * dag_line_is_behind:
 *
 * Whether the first of another line comes before the first of this one.
 */
gboolean
dag_line_is_behind (DagLine *self,
                    DagLine *other)
{
  return dag_place_is_before (other->first, self->first);
}

/*< private >
 * dag_line_may_pass:
 *
 * Whether the first of the line need not wait any longer.
 */
gboolean
dag_line_may_pass (DagLine *self)
{
  return dag_needs_are_met (self->needs, self->n_needs);
}

/*< private >
 * dag_line_change_lender:
 * @lender: whose slot the line could have had
 * @other: (nullable): whose slot will do now
 *
 * Has a line wait for something else, with those who have waited for that before, if there are any.
 */
void
dag_line_change_lender (DagLine *self,
                        DagSlot *lender,
                        DagSlot *other)
{
  DagLine *found;

  dag_line_unlink (self);

  for (guint i = 0; i < self->n_needs; i++)
    if (self->needs[i].lender == lender)
      self->needs[i].lender = other;

  found = g_hash_table_lookup (lines, self);
  if (found != NULL)
    {
      found->first = heap_join (found->first, g_steal_pointer (&self->first));
      found->ref_count++;
      self->whole = found;
    }
  else
    {
      dag_line_link (self);
    }
}

/*< private >
 * dag_needs_are_met:
 *
 * Whether all that is needed is to be had.
 */
gboolean
dag_needs_are_met (const DagNeed *needs,
                   guint          n_needs)
{
  for (guint i = 0; i < n_needs; i++)
    {
      const DagNeed *need = &needs[i];

      if (need->limiter->n_used >= need->limiter->limit &&
          (need->lender == NULL || need->lender->borrower != NULL))
        return FALSE;
    }

  return TRUE;
}
