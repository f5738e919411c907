/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

#include "dag-failure-private.h"

G_BEGIN_DECLS

typedef enum {
  DAG_OUTCOME_UNSET,
  DAG_OUTCOME_VALUE,
  DAG_OUTCOME_POINTER,  /* a value that is a pointer with a destroy notify */
  DAG_OUTCOME_ERROR,    /* an error that has no trace yet */
  DAG_OUTCOME_SKIP,     /* the function declined */
  DAG_OUTCOME_TRACE,
} DagOutcomeKind;

/* What a task ends with. */
typedef struct {
  DagOutcomeKind kind;
  union {
    GValue    value;
    GError   *error;  /* (owned) */
    DagTrace *trace;  /* (owned) */
  };
} DagOutcome;

#define DAG_OUTCOME_INIT { DAG_OUTCOME_UNSET, { G_VALUE_INIT } }

void     dag_outcome_init_value    (DagOutcome     *self,
                                    const GValue   *value);
void     dag_outcome_init_nothing  (DagOutcome     *self);
void     dag_outcome_init_pointer  (DagOutcome     *self,
                                    gpointer        pointer,
                                    GDestroyNotify  destroy);
void     dag_outcome_init_error    (DagOutcome     *self,
                                    GError         *error);
void     dag_outcome_init_trace    (DagOutcome     *self,
                                    DagTrace       *trace);
void     dag_outcome_copy          (DagOutcome     *self,
                                    DagOutcome     *other);
void     dag_outcome_move          (DagOutcome     *self,
                                    DagOutcome     *other);
void     dag_outcome_clear         (DagOutcome     *self);
gboolean dag_outcome_has_value     (DagOutcome     *self);
gboolean dag_outcome_is_plain      (DagOutcome     *self);
gpointer dag_outcome_steal_pointer (DagOutcome     *self);

G_END_DECLS
