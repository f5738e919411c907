/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#define DAG_INSIDE
# include "dag-call-macros.h"
# include "dag-call.h"
# include "dag-combinators.h"
# include "dag-context.h"
# include "dag-dependency.h"
# include "dag-enum-types.h"
# include "dag-enums.h"
# include "dag-error.h"
# include "dag-function.h"
# include "dag-limiter.h"
# include "dag-process-result.h"
# include "dag-results.h"
# include "dag-retry.h"
# include "dag-runner.h"
# include "dag-subprocess.h"
# include "dag-task.h"
# include "dag-types.h"
# include "dag-version.h"
# include "dag-version-macros.h"
# include "dag-weak.h"
# include "dag-worker.h"
#undef DAG_INSIDE
