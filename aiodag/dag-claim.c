/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-claim-private.h"
#include "dag-line-private.h"

struct _DagClaim
{
  gatomicrefcount  ref_count;
  GObject         *owner;    /* (unowned): const; there while it waits, which it ends before it goes */
  DagClaimFunc     granted;  /* const */

  /* Under the lock of all limiters */
  DagPlace         place;
  DagClaim        *creator;  /* (owned) (nullable): the claim of who made this one */
  GList            in_creator;
  GQueue           made;     /* (element-type DagClaim): whose creator this one is; none is owned */
  GPtrArray       *slots;    /* (element-type DagSlot): in the order of the limiters' addresses */
  GPtrArray       *limiters; /* (element-type DagLimiter): in the order in which they were added */
  gboolean         held;     /* it was granted */
  gboolean         closed;   /* it will not ask again */
};

#define DAG_PLACE_CLAIM(ptr) \
  ((DagClaim *) ((char *) (ptr) - G_STRUCT_OFFSET (DagClaim, place)))

/* Needs of this many limiters are on the stack. */
#define FEW 4

gint dag_claims_exist;

static DagSlot *
dag_slot_new (DagLimiter *limiter)
{
  DagSlot *self = g_new0 (DagSlot, 1);

  self->limiter = g_object_ref (limiter);

  return self;
}

static void
dag_slot_free (gpointer data)
{
  DagSlot *self = data;

  g_assert (g_queue_is_empty (&self->lines));

  g_object_unref (self->limiter);
  g_free (self);
}

/*< private >
 * dag_claim_new:
 * @owner: whose claim it is
 * @granted: called when it has waited and was granted; from any thread
 *
 * Returns: (transfer full): a claim to nothing, for now
 */
DagClaim *
dag_claim_new (GObject      *owner,
               DagClaimFunc  granted)
{
  DagClaim *self = g_new0 (DagClaim, 1);

  g_atomic_int_set (&dag_claims_exist, TRUE);
  g_atomic_ref_count_init (&self->ref_count);
  self->owner = owner;
  self->granted = granted;
  self->in_creator.data = self;
  self->slots = g_ptr_array_new_with_free_func (dag_slot_free);
  self->limiters = g_ptr_array_new ();

  return self;
}

DagClaim *
dag_claim_ref (DagClaim *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dag_claim_unref (DagClaim *self)
{
  /* There may be many, one inside of another. */
  while (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    {
      DagClaim *creator = self->creator;

      g_assert (!self->held && self->place.line == NULL);

      if (creator != NULL)
        {
          dag_limiter_lock ();
          g_queue_unlink (&creator->made, &self->in_creator);
          dag_limiter_unlock ();
        }

      g_ptr_array_unref (self->limiters);
      g_ptr_array_unref (self->slots);
      g_free (self);
      self = creator;
    }
}

static DagSlot *
dag_claim_get_slot (DagClaim   *self,
                    DagLimiter *limiter)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      DagSlot *slot = g_ptr_array_index (self->slots, i);

      if (slot->limiter == limiter)
        return slot;
    }

  return NULL;
}

/* Sets the creator. Returns the old one, which is to be released without the lock. */
static DagClaim *
dag_claim_change_creator (DagClaim *self,
                          DagClaim *creator)
{
  DagClaim *old = self->creator;

  if (old != NULL)
    g_queue_unlink (&old->made, &self->in_creator);

  self->creator = creator != NULL ? dag_claim_ref (creator) : NULL;
  if (creator != NULL)
    g_queue_push_tail_link (&creator->made, &self->in_creator);

  return old;
}

/* Leaves out creators that are closed. Returns one that is to be released without the lock. */
static DagClaim *
dag_claim_shorten (DagClaim *self)
{
  DagClaim *creator = self->creator;

  while (creator != NULL && creator->closed)
    creator = creator->creator;

  return creator != self->creator ? dag_claim_change_creator (self, creator) : NULL;
}

/*< private >
 * dag_claim_set_creator:
 * @creator: (nullable): the claim of who has made this one
 *
 * Sets whose slots will do if there are no others. To be called before it is asked for.
 */
void
dag_claim_set_creator (DagClaim *self,
                       DagClaim *creator)
{
  DagClaim *old, *left_out = NULL;

  dag_limiter_lock ();

  if (creator != NULL)
    left_out = dag_claim_shorten (creator);
  old = dag_claim_change_creator (self, creator);

  dag_limiter_unlock ();

  dag_claim_unref (old);
  dag_claim_unref (left_out);
}

/*< private >
 * dag_claim_add_limiter:
 *
 * Has the claim be one to a slot of another limiter too. To be called while it is not asked for.
 */
void
dag_claim_add_limiter (DagClaim   *self,
                       DagLimiter *limiter)
{
  guint i = 0;

  dag_limiter_lock ();

  g_assert (!self->held && self->place.line == NULL);

  if (dag_claim_get_slot (self, limiter) == NULL)
    {
      while (i < self->slots->len &&
             ((DagSlot *) g_ptr_array_index (self->slots, i))->limiter < limiter)
        i++;
      g_ptr_array_insert (self->slots, i, dag_slot_new (limiter));
      g_ptr_array_add (self->limiters, limiter);
    }

  dag_limiter_unlock ();
}

/*< private >
 * dag_claim_clear:
 *
 * Has the claim be one to nothing. To be called while it is not asked for.
 */
void
dag_claim_clear (DagClaim *self)
{
  g_autoptr (GPtrArray) old = NULL;

  dag_limiter_lock ();

  g_assert (!self->held && self->place.line == NULL);

  old = self->slots;
  self->slots = g_ptr_array_new_with_free_func (dag_slot_free);
  g_ptr_array_set_size (self->limiters, 0);

  dag_limiter_unlock ();
}

/*< private >
 * dag_claim_get_limiter:
 *
 * Returns: (nullable): the limiter that was added first
 */
DagLimiter *
dag_claim_get_limiter (DagClaim *self)
{
  DagLimiter *limiter;

  dag_limiter_lock ();
  limiter = self->limiters->len > 0 ? g_ptr_array_index (self->limiters, 0) : NULL;
  dag_limiter_unlock ();

  return limiter;
}

/* The slot of the nearest claim before this one that has one. */
static DagSlot *
dag_claim_find_lender (DagClaim   *self,
                       DagLimiter *limiter)
{
  for (DagClaim *claim = self->creator; claim != NULL; claim = claim->creator)
    {
      DagSlot *slot = claim->held ? dag_claim_get_slot (claim, limiter) : NULL;

      if (slot != NULL)
        return slot;
    }

  return NULL;
}

/* Takes what is there. */
static void
dag_claim_grant (DagClaim      *self,
                 const DagNeed *needs)
{
  self->held = TRUE;

  for (guint i = 0; i < self->slots->len; i++)
    {
      DagSlot *slot = g_ptr_array_index (self->slots, i);

      slot->limiter->n_running++;
      if (slot->limiter->n_used < slot->limiter->limit)
        {
          slot->limiter->n_used++;
        }
      else
        {
          slot->lender = needs[i].lender;
          slot->lender->borrower = slot;
        }
    }
}

/* The line whose first comes before the first of all others that may pass: of @best and those who wait
 * for a limiter.
 */
static DagLine *
dag_limiter_find_line (DagLimiter *self,
                       DagLine    *best)
{
  for (GList *link = self->lines.head; link != NULL; link = link->next)
    {
      DagLine *line = link->data;

      if (line != best && dag_line_may_pass (line) &&
          (best == NULL || dag_line_is_behind (best, line)))
        best = line;
    }

  return best;
}

static DagLine *
dag_limiters_find_line (DagLimiter *const *limiters,
                        guint              n_limiters)
{
  DagLine *best = NULL;

  for (guint i = 0; i < n_limiters; i++)
    best = dag_limiter_find_line (limiters[i], best);

  return best;
}

/* What a claim needs, of all its slots. */
static void
dag_claim_get_needs (DagClaim *self,
                     DagNeed  *needs)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      DagSlot *slot = g_ptr_array_index (self->slots, i);

      needs[i].limiter = slot->limiter;
      needs[i].lender = dag_claim_find_lender (self, slot->limiter);
    }
}

/* The claim was granted. What runs under it may have been made before that, for an earlier attempt
 * say, and wait already: has it count on these slots. Returns whether there is such.
 */
static gboolean
dag_claim_lend (DagClaim *self)
{
  g_autoptr (GPtrArray) claims = NULL;
  g_autofree DagNeed *needs = NULL;
  gboolean lent = FALSE;

  if (g_queue_is_empty (&self->made))
    return FALSE;

  claims = g_ptr_array_new ();
  g_ptr_array_add (claims, self);

  for (guint i = 0; i < claims->len; i++)
    {
      DagClaim *claim = g_ptr_array_index (claims, i);

      for (GList *link = claim->made.head; link != NULL; link = link->next)
        g_ptr_array_add (claims, link->data);

      if (claim->place.line == NULL)
        continue;

      needs = g_renew (DagNeed, needs, claim->slots->len);
      dag_claim_get_needs (claim, needs);
      dag_line_change (&claim->place, needs, claim->slots->len);
      lent = TRUE;
    }

  return lent;
}

/* Grants what has become possible by what there is of some limiters. Returns those claims, each with a
 * reference, and one to its owner.
 */
static GSList *
dag_limiters_serve (DagLimiter *const *limiters,
                    guint              n_limiters)
{
  g_autoptr (GPtrArray) more = NULL;
  GSList *granted = NULL;
  DagLine *line;

  while ((line = dag_limiters_find_line (limiters, n_limiters)) != NULL)
    {
      DagPlace *place = dag_line_get_first (line);
      DagClaim *claim = DAG_PLACE_CLAIM (place);

      dag_claim_grant (claim, dag_line_get_needs (line));
      dag_line_leave (place);

      if (dag_claim_lend (claim))
        {
          /* That may be of other limiters. */
          if (more == NULL)
            {
              more = g_ptr_array_new ();
              for (guint i = 0; i < n_limiters; i++)
                g_ptr_array_add (more, limiters[i]);
            }

          for (guint i = 0; i < claim->limiters->len; i++)
            if (!g_ptr_array_find (more, g_ptr_array_index (claim->limiters, i), NULL))
              g_ptr_array_add (more, g_ptr_array_index (claim->limiters, i));

          limiters = (DagLimiter *const *) more->pdata;
          n_limiters = more->len;
        }

      g_object_ref (claim->owner);
      granted = g_slist_prepend (granted, dag_claim_ref (claim));
    }

  return granted;
}

/* Tells those whose claims were granted. Without the lock. */
static void
dag_claims_notify (GSList *granted)
{
  granted = g_slist_reverse (granted);

  for (GSList *link = granted; link != NULL; link = link->next)
    {
      DagClaim *claim = link->data;
      GObject *owner = claim->owner;

      claim->granted (owner);
      dag_claim_unref (claim);
      g_object_unref (owner);
    }

  g_slist_free (granted);
}

/*< private >
 * dag_claims_set_limit:
 *
 * Sets the limit of a limiter. Who waits comes first if there are more slots now.
 *
 * Returns: whether it is another one
 */
gboolean
dag_claims_set_limit (DagLimiter *limiter,
                      guint       limit)
{
  GSList *granted = NULL;
  gboolean changed;

  dag_limiter_lock ();

  changed = limiter->limit != limit;
  if (changed)
    {
      limiter->limit = limit;
      granted = dag_limiters_serve (&limiter, 1);
    }

  dag_limiter_unlock ();

  dag_claims_notify (granted);

  return changed;
}

/*< private >
 * dag_claim_ask:
 * @priority: less is earlier
 *
 * Asks for a slot of each limiter, all at once.
 *
 * Returns: whether they are there; if not, it waits until it is told so or released
 */
gboolean
dag_claim_ask (DagClaim *self,
               int       priority)
{
  DagNeed few[FEW];
  g_autofree DagNeed *many = NULL;
  DagNeed *needs = few;
  DagClaim *left_out;
  GSList *granted = NULL;
  gboolean there;

  dag_limiter_lock ();

  left_out = dag_claim_shorten (self);

  if (!self->held && self->place.line == NULL)
    {
      if (self->slots->len > FEW)
        needs = many = g_new (DagNeed, self->slots->len);

      dag_claim_get_needs (self, needs);

      if (dag_needs_are_met (needs, self->slots->len))
        {
          dag_claim_grant (self, needs);
          if (dag_claim_lend (self))
            granted = dag_limiters_serve ((DagLimiter *const *) self->limiters->pdata,
                                          self->limiters->len);
        }
      else
        {
          self->place.priority = priority;
          dag_line_join (&self->place, needs, self->slots->len);
        }
    }

  there = self->held;

  dag_limiter_unlock ();

  dag_claims_notify (granted);
  dag_claim_unref (left_out);

  return there;
}

/*< private >
 * dag_claim_set_priority:
 *
 * Has the claim be somewhere else in its line, if it waits in one.
 *
 * Returns: whether it does
 */
gboolean
dag_claim_set_priority (DagClaim *self,
                        int       priority)
{
  gboolean waits;

  dag_limiter_lock ();

  waits = self->place.line != NULL;
  if (waits)
    dag_line_move (&self->place, priority);

  dag_limiter_unlock ();

  return waits;
}

/* Gives a slot back: to whoever runs on it, or to whom it was borrowed from. */
static void
dag_claim_give_back (DagClaim *self,
                     DagSlot  *slot)
{
  DagSlot *lender = g_steal_pointer (&slot->lender);
  DagSlot *borrower = g_steal_pointer (&slot->borrower);
  DagSlot *other = NULL;
  GList *link;

  if (borrower != NULL)
    borrower->lender = lender;
  else if (lender == NULL)
    slot->limiter->n_used--;

  if (lender != NULL)
    lender->borrower = borrower;

  slot->limiter->n_running--;

  /* Who counts on it looks for another one, which is the same for all of them. */
  if (!g_queue_is_empty (&slot->lines))
    other = dag_claim_find_lender (self, slot->limiter);
  while ((link = slot->lines.head) != NULL)
    dag_line_change_lender (link->data, slot, other);
}

static void
dag_claim_stop (DagClaim *self,
                gboolean  close)
{
  GSList *granted = NULL;

  dag_limiter_lock ();

  self->closed = self->closed || close;

  if (self->place.line != NULL)
    dag_line_leave (&self->place);

  if (self->held)
    {
      self->held = FALSE;
      for (guint i = 0; i < self->slots->len; i++)
        dag_claim_give_back (self, g_ptr_array_index (self->slots, i));
      granted = dag_limiters_serve ((DagLimiter *const *) self->limiters->pdata,
                                    self->limiters->len);
    }

  dag_limiter_unlock ();

  dag_claims_notify (granted);
}

/*< private >
 * dag_claim_release:
 *
 * Gives back what was granted, or waits for it no longer.
 */
void
dag_claim_release (DagClaim *self)
{
  dag_claim_stop (self, FALSE);
}

/*< private >
 * dag_claim_close:
 *
 * Does so for good.
 */
void
dag_claim_close (DagClaim *self)
{
  dag_claim_stop (self, TRUE);
}
