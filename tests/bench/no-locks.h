/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

/* Included before anything else this makes a library without locks, to see what they cost. Such a
 * library works as long as one thread uses it, which is all that the shape `layers` does.
 */

/* It is not there when meson tries out the compiler. */
#if __has_include (<gio/gio.h>)
#include <gio/gio.h>

#define DAG_LOCK_IS_GLIBS 1
#define g_bit_lock(address, bit) ((void) (address), (void) (bit))
#define g_bit_trylock(address, bit) ((void) (address), (void) (bit), TRUE)
#define g_bit_unlock(address, bit) ((void) (address), (void) (bit))
#define g_mutex_lock(mutex) ((void) (mutex))
#define g_mutex_trylock(mutex) ((void) (mutex), TRUE)
#define g_mutex_unlock(mutex) ((void) (mutex))

#endif
