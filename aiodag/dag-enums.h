/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include <glib-object.h>

#include "dag-version-macros.h"

G_BEGIN_DECLS

/**
 * DagState:
 * @DAG_STATE_WAITING: something that it depends on is not there yet, or it is held
 * @DAG_STATE_READY: it is queued to start
 * @DAG_STATE_RUNNING: its function was called and has not returned an outcome yet
 * @DAG_STATE_SUCCEEDED: it has a value
 * @DAG_STATE_FAILED: its function returned an error, or the library ended it with one
 * @DAG_STATE_SKIPPED: it never ran because of a dependency, or its function declined
 * @DAG_STATE_CANCELLED: it ended with %G_IO_ERROR_CANCELLED, whoever caused it
 *
 * Where a task stands.
 *
 * The last four are final: a task in one of them has *finished*.
 *
 * Since: 1.0
 */
typedef enum {
  DAG_STATE_WAITING,
  DAG_STATE_READY,
  DAG_STATE_RUNNING,
  DAG_STATE_SUCCEEDED,
  DAG_STATE_FAILED,
  DAG_STATE_SKIPPED,
  DAG_STATE_CANCELLED,
} DagState;

/**
 * DagReason:
 * @DAG_REASON_NONE: it has not finished, or it succeeded
 * @DAG_REASON_FAILURE: it, or a task that it needed, failed
 * @DAG_REASON_CANCELLATION: it, or a task that it needed, was cancelled
 * @DAG_REASON_NOT_NEEDED: it, or a task that it needed, had nothing to do
 *
 * Why a task did not succeed. Tasks that are skipped inherit it; rules look at it and never at
 * error codes.
 *
 * Since: 1.0
 */
typedef enum {
  DAG_REASON_NONE,
  DAG_REASON_FAILURE,
  DAG_REASON_CANCELLATION,
  DAG_REASON_NOT_NEEDED,
} DagReason;

/**
 * DagRule:
 * @DAG_RULE_SUCCEEDED: the dependency has to succeed; the default
 * @DAG_RULE_FINISHED: the dependency has to settle, in whatever way
 * @DAG_RULE_FAILED: the dependency has to settle after a failure
 *
 * What a dependent asks of a dependency.
 *
 * A dependent whose rule is refused is skipped.
 *
 * Since: 1.0
 */
typedef enum {
  DAG_RULE_SUCCEEDED,
  DAG_RULE_FINISHED,
  DAG_RULE_FAILED,
} DagRule;

/**
 * DagTrigger:
 * @DAG_TRIGGER_ALL: start when all inputs are satisfied, skip at the first that is refused
 * @DAG_TRIGGER_ANY: start when the first input is satisfied, skip when all are refused
 * @DAG_TRIGGER_FIRST: start or skip by the first input that is satisfied or refused
 *
 * How the inputs of a task combine. Prerequisites always combine by %DAG_TRIGGER_ALL.
 *
 * With %DAG_TRIGGER_ANY and %DAG_TRIGGER_FIRST all inputs are raw, because some may be unfinished
 * when the task starts. A task that has one of them and no input fails with %DAG_ERROR_EMPTY.
 *
 * Since: 1.0
 */
typedef enum {
  DAG_TRIGGER_ALL,
  DAG_TRIGGER_ANY,
  DAG_TRIGGER_FIRST,
} DagTrigger;

G_END_DECLS
