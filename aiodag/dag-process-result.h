/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-types.h"

G_BEGIN_DECLS

#define DAG_TYPE_PROCESS_RESULT (dag_process_result_get_type ())

DAG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DagProcessResult, dag_process_result, DAG, PROCESS_RESULT, GObject)

DAG_AVAILABLE_IN_1_0
gboolean          dag_process_result_get_successful  (DagProcessResult *self);
DAG_AVAILABLE_IN_1_0
int               dag_process_result_get_status      (DagProcessResult *self);
DAG_AVAILABLE_IN_1_0
int               dag_process_result_get_signal      (DagProcessResult *self);
DAG_AVAILABLE_IN_1_0
GBytes           *dag_process_result_get_stdout      (DagProcessResult *self);
DAG_AVAILABLE_IN_1_0
GBytes           *dag_process_result_get_stderr      (DagProcessResult *self);
DAG_AVAILABLE_IN_1_0
const char       *dag_process_result_get_stdout_text (DagProcessResult *self);
DAG_AVAILABLE_IN_1_0
const char       *dag_process_result_get_stderr_text (DagProcessResult *self);

G_END_DECLS
