/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-process-private.h"
#include "dag-process-result.h"

G_BEGIN_DECLS

DagProcessResult *dag_process_result_new      (const DagProcessEnd *end);
GError           *dag_process_result_to_error (DagProcessResult    *self,
                                               const char          *command);

G_END_DECLS
