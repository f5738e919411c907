/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-outcome-private.h"

/* A pointer with a destroy notify is an ordinary value of %G_TYPE_POINTER for everybody who reads
 * it; the notify is in the second word of the value, which that type has no use for.
 */
#define POINTER(self) ((self)->value.data[0].v_pointer)
#define DESTROY(self) ((self)->value.data[1].v_pointer)

void
dag_outcome_init_value (DagOutcome   *self,
                        const GValue *value)
{
  self->kind = DAG_OUTCOME_VALUE;
  self->value = (GValue) G_VALUE_INIT;
  g_value_init (&self->value, G_VALUE_TYPE (value));
  g_value_copy (value, &self->value);
}

/*< private >
 * dag_outcome_init_nothing:
 *
 * "No value" is a %NULL pointer, because no binding stands a value without a type.
 */
void
dag_outcome_init_nothing (DagOutcome *self)
{
  dag_outcome_init_pointer (self, NULL, NULL);
}

void
dag_outcome_init_pointer (DagOutcome     *self,
                          gpointer        pointer,
                          GDestroyNotify  destroy)
{
  self->kind = destroy != NULL ? DAG_OUTCOME_POINTER : DAG_OUTCOME_VALUE;
  self->value = (GValue) G_VALUE_INIT;
  g_value_init (&self->value, G_TYPE_POINTER);
  POINTER (self) = pointer;
  DESTROY (self) = (gpointer) destroy;
}

/*< private >
 * dag_outcome_init_error:
 * @error: (transfer full): an error
 */
void
dag_outcome_init_error (DagOutcome *self,
                        GError     *error)
{
  self->kind = DAG_OUTCOME_ERROR;
  self->error = error;
}

/*< private >
 * dag_outcome_init_trace:
 * @trace: (transfer full): a trace
 */
void
dag_outcome_init_trace (DagOutcome *self,
                        DagTrace   *trace)
{
  self->kind = DAG_OUTCOME_TRACE;
  self->trace = trace;
}

/*< private >
 * dag_outcome_copy:
 * @other: an outcome with a value, which has to outlive @self if that is a pointer
 */
void
dag_outcome_copy (DagOutcome *self,
                  DagOutcome *other)
{
  g_assert (dag_outcome_has_value (other));

  dag_outcome_init_value (self, &other->value);
}

/*< private >
 * dag_outcome_move:
 * @self: an outcome that is unset
 * @other: (transfer full): the outcome that it becomes; unset afterwards
 */
void
dag_outcome_move (DagOutcome *self,
                  DagOutcome *other)
{
  *self = *other;
  other->kind = DAG_OUTCOME_UNSET;
}

void
dag_outcome_clear (DagOutcome *self)
{
  DagOutcome old = *self;

  self->kind = DAG_OUTCOME_UNSET;

  switch (old.kind)
    {
    case DAG_OUTCOME_VALUE:
      g_value_unset (&old.value);
      break;

    case DAG_OUTCOME_POINTER:
      ((GDestroyNotify) DESTROY (&old)) (POINTER (&old));
      break;

    case DAG_OUTCOME_ERROR:
      g_error_free (old.error);
      break;

    case DAG_OUTCOME_TRACE:
      dag_trace_unref (old.trace);
      break;

    case DAG_OUTCOME_UNSET:
    case DAG_OUTCOME_SKIP:
    default:
      break;
    }
}

gboolean
dag_outcome_has_value (DagOutcome *self)
{
  return self->kind == DAG_OUTCOME_VALUE || self->kind == DAG_OUTCOME_POINTER;
}

/*< private >
 * dag_outcome_is_plain:
 *
 * Returns: whether freeing it runs nobody's code
 */
gboolean
dag_outcome_is_plain (DagOutcome *self)
{
  GType type;

  switch (self->kind)
    {
    case DAG_OUTCOME_POINTER:
      return FALSE;

    case DAG_OUTCOME_VALUE:
      type = G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (&self->value));
      switch (type)
        {
        case G_TYPE_BOXED:
        case G_TYPE_OBJECT:
        case G_TYPE_INTERFACE:
        case G_TYPE_PARAM:
        case G_TYPE_VARIANT:  /* whose bytes may have a destroy notify */
          return FALSE;
        default:
          /* Fundamental types of others may do as they like. */
          return type < G_TYPE_MAKE_FUNDAMENTAL (G_TYPE_RESERVED_USER_FIRST);
        }

    case DAG_OUTCOME_UNSET:
    case DAG_OUTCOME_ERROR:
    case DAG_OUTCOME_SKIP:
    case DAG_OUTCOME_TRACE:
    default:
      return TRUE;
    }
}

/*< private >
 * dag_outcome_steal_pointer:
 *
 * Returns: (transfer full): the pointer, which the outcome no longer has
 */
gpointer
dag_outcome_steal_pointer (DagOutcome *self)
{
  gpointer pointer = POINTER (self);

  g_assert (self->kind == DAG_OUTCOME_POINTER);

  self->kind = DAG_OUTCOME_VALUE;
  POINTER (self) = NULL;
  DESTROY (self) = NULL;

  return pointer;
}
