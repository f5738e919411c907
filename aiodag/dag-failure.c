/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-failure-private.h"

/* Bits of `flags` */
enum {
  DROPPED   = 1 << 0,  /* the task of this trace does not carry the failure any more */
  LOOKED    = 1 << 1,  /* somebody looked at it there */
  POSTPONED = 1 << 2,  /* it is to let go when nobody asks any more */
};

typedef struct _DagRoot DagRoot;

struct _DagTrace
{
  gatomicrefcount  ref_count;
  gint             flags;     /* atomic */
  gint             askers;    /* atomic; who has yet to look at it here, or to carry it */

  DagTrace        *cause;     /* (owned) (nullable): NULL in the root */
  DagRoot         *root;      /* (unowned): kept by the causes */
  DagTrace        *next;      /* ring of the failures of a node; under the lock of that */
  char            *name;      /* (nullable) */
  const char      *location;  /* (nullable): static */
};

/* There are many more hops than roots. */
struct _DagRoot
{
  DagTrace         trace;     /* must be first */

  GObject         *origin;    /* (unowned): the task, which owns the root; all hops own it */
  GError          *error;
  DagReason        reason;
  char            *details;   /* (nullable): what else to report */
  gint             carriers;  /* atomic; traces that have not dropped it */
  gint             reported;  /* atomic */
};

/*< private >
 * dag_trace_new_root:
 * @error: (transfer full): what went wrong
 * @origin: the task
 *
 * Makes the trace of a task that did not succeed by itself, and which carries that.
 */
DagTrace *
dag_trace_new_root (GError     *error,
                    DagReason   reason,
                    gpointer    origin,
                    const char *name,
                    const char *location,
                    const char *details)
{
  DagRoot *self = g_new0 (DagRoot, 1);

  g_atomic_ref_count_init (&self->trace.ref_count);
  self->trace.root = self;
  self->trace.name = g_strdup (name);
  self->trace.location = location;
  self->origin = origin;
  self->error = error;
  self->reason = reason;
  self->details = g_strdup (details);
  self->carriers = 1;

  return &self->trace;
}

/*< private >
 * dag_trace_new_hop:
 * @cause: the trace of the dependency
 *
 * Makes the trace of a task that does not succeed because of a dependency. It has no name until
 * dag_trace_set_name().
 */
DagTrace *
dag_trace_new_hop (DagTrace *cause)
{
  DagTrace *self = g_new0 (DagTrace, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->cause = dag_trace_ref (cause);
  self->root = cause->root;
  g_object_ref (self->root->origin);

  return self;
}

void
dag_trace_set_name (DagTrace   *self,
                    const char *name,
                    const char *location)
{
  g_free (self->name);
  self->name = g_strdup (name);
  self->location = location;
}

static void
dag_trace_free (DagTrace *self)
{
  if (self->cause != NULL)
    {
      g_object_unref (self->root->origin);
    }
  else
    {
      g_error_free (self->root->error);
      g_free (self->root->details);
    }

  g_free (self->name);
  g_free (self);
}

DagTrace *
dag_trace_ref (DagTrace *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dag_trace_unref (DagTrace *self)
{
  while (self != NULL)
    self = dag_trace_unref_some (self, G_MAXUINT);
}

/*< private >
 * dag_trace_unref_some:
 * @self: (transfer full): a trace
 * @n: how many may be freed
 *
 * Drops a reference. The causes of a long chain go one by one and not each inside of the next, and
 * not more than @n at once.
 *
 * Returns: (transfer full) (nullable): where to go on
 */
DagTrace *
dag_trace_unref_some (DagTrace *self,
                      guint     n)
{
  while (self != NULL && n-- > 0)
    {
      DagTrace *cause;

      if (!g_atomic_ref_count_dec (&self->ref_count))
        return NULL;

      cause = self->cause;
      dag_trace_free (self);
      self = cause;
    }

  return self;
}

const GError *
dag_trace_get_error (DagTrace *self)
{
  return self->root->error;
}

DagReason
dag_trace_get_reason (DagTrace *self)
{
  return self->root->reason;
}

/*< private >
 * dag_trace_get_origin:
 *
 * Returns: (nullable): the task where it began, %NULL if that is the task of this very trace
 */
gpointer
dag_trace_get_origin (DagTrace *self)
{
  return self->cause != NULL ? self->root->origin : NULL;
}

/*< private >
 * dag_trace_get_cause:
 *
 * Returns: (nullable): the trace of the dependency, %NULL if this is a root
 */
DagTrace *
dag_trace_get_cause (DagTrace *self)
{
  return self->cause;
}

DagTrace *
dag_trace_get_root (DagTrace *self)
{
  return &self->root->trace;
}

/*< private >
 * dag_traces_append:
 * @traces: (inout): the last of a ring
 * @trace: (transfer full): a trace that is in none
 */
void
dag_traces_append (DagTrace **traces,
                   DagTrace  *trace)
{
  DagTrace *last = *traces;

  trace->next = last != NULL ? last->next : trace;
  if (last != NULL)
    last->next = trace;
  *traces = trace;
}

/*< private >
 * dag_traces_take:
 * @traces: (inout): the last of a ring
 *
 * Returns: (transfer full): the first, which is in it no longer
 */
DagTrace *
dag_traces_take (DagTrace **traces)
{
  DagTrace *last = *traces;
  DagTrace *first = last->next;

  if (first != last)
    last->next = first->next;
  else
    *traces = NULL;

  return first;
}

/*< private >
 * dag_traces_get_next:
 * @traces: (nullable): the last of a ring
 * @trace: (nullable): one in it
 *
 * Returns: (nullable): the one after that, or the first
 */
DagTrace *
dag_traces_get_next (DagTrace *traces,
                     DagTrace *trace)
{
  if (traces == NULL || trace == traces)
    return NULL;

  return trace != NULL ? trace->next : traces->next;
}

static void
dag_trace_append_name (DagTrace *self,
                       GString  *string)
{
  g_string_append (string, self->name != NULL ? self->name : "unnamed task");

  if (self->location != NULL)
    g_string_append_printf (string, " (%s)", self->location);
}

static const char *
dag_reason_get_verb (DagReason reason)
{
  switch (reason)
    {
    case DAG_REASON_CANCELLATION:
      return "was cancelled";
    case DAG_REASON_NOT_NEEDED:
      return "was not needed";
    case DAG_REASON_NONE:
    case DAG_REASON_FAILURE:
    default:
      return "failed";
    }
}

/*< private >
 * dag_trace_describe:
 *
 * Returns: (transfer full): a line for the root, and one for every task on the way from there
 */
char *
dag_trace_describe (DagTrace *self)
{
  g_autoptr (GPtrArray) hops = g_ptr_array_new ();
  GString *string = g_string_new (NULL);

  for (DagTrace *hop = self; hop->cause != NULL; hop = hop->cause)
    g_ptr_array_add (hops, hop);

  dag_trace_append_name (&self->root->trace, string);
  g_string_append_printf (string, " %s: %s",
                          dag_reason_get_verb (self->root->reason),
                          self->root->error->message);

  for (guint i = hops->len; i > 0; i--)
    {
      g_string_append (string, "\n-> ");
      dag_trace_append_name (g_ptr_array_index (hops, i - 1), string);
    }

  return g_string_free (string, FALSE);
}

/* The task of this trace does not carry the failure any more.
 *
 * Returns: whether it was the last that did
 */
static gboolean
dag_trace_drop (DagTrace *self,
                guint     flags)
{
  guint old = g_atomic_int_or ((guint *) &self->flags, DROPPED | flags);

  return !(old & DROPPED) && g_atomic_int_dec_and_test (&self->root->carriers);
}

/*< private >
 * dag_trace_hand_on:
 * @carried: (nullable): what the dependent carries already
 *
 * The task of this trace passes the question on to a dependent, which carries the failure from now
 * on. Nobody has looked at the task by that.
 */
void
dag_trace_hand_on (DagTrace *self,
                   DagTrace *carried)
{
  if (carried == NULL || carried->root != self->root)
    g_atomic_int_inc (&self->root->carriers);

  dag_trace_drop (self, 0);
}

/*< private >
 * dag_trace_look:
 *
 * Somebody looks at the failure in the task of this trace.
 */
void
dag_trace_look (DagTrace *self)
{
  dag_trace_drop (self, LOOKED);
}

/*< private >
 * dag_trace_is_looked:
 *
 * Returns: whether somebody has looked at the failure in the task of this trace
 */
gboolean
dag_trace_is_looked (DagTrace *self)
{
  return (g_atomic_int_get (&self->flags) & LOOKED) != 0;
}

/*< private >
 * dag_trace_let_go:
 *
 * The task of this trace is released. Reports the failure if nobody looked at it, here or in any
 * other task that carries it.
 */
void
dag_trace_let_go (DagTrace *self)
{
  g_autoptr (GString) string = NULL;
  DagRoot *root = self->root;

  if (!dag_trace_drop (self, 0) ||
      root->reason != DAG_REASON_FAILURE ||
      !g_atomic_int_compare_and_exchange (&root->reported, FALSE, TRUE))
    return;

  string = g_string_new (NULL);
  dag_trace_append_name (&root->trace, string);
  g_string_append_printf (string, " failed and nobody looked at it: %s", root->error->message);
  if (root->details != NULL)
    g_string_append_printf (string, "\n%s", root->details);
  g_warning ("%s", string->str);
}

/*< private >
 * dag_trace_ask:
 *
 * Somebody is on the way to look at the failure in the task of this trace, or to carry it, or maybe
 * not: dag_trace_answer() has to follow.
 */
void
dag_trace_ask (DagTrace *self)
{
  g_atomic_int_inc (&self->askers);
}

/*< private >
 * dag_trace_answer:
 *
 * Returns: whether the task was postponed, and nobody asks any more
 */
gboolean
dag_trace_answer (DagTrace *self)
{
  return g_atomic_int_dec_and_test (&self->askers) &&
         (g_atomic_int_get (&self->flags) & POSTPONED) != 0;
}

/*< private >
 * dag_trace_postpone:
 *
 * The task of this trace would let go of the failure before it is released.
 *
 * Returns: whether somebody asks still
 */
gboolean
dag_trace_postpone (DagTrace *self)
{
  g_atomic_int_or ((guint *) &self->flags, POSTPONED);

  return g_atomic_int_get (&self->askers) > 0;
}
