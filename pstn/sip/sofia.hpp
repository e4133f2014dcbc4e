// SPDX-License-Identifier: Apache-2.0
// The one place that includes Sofia-SIP, with its callback contexts typed. Private to this folder: no header
// that others include may include this one. What is allowed of Sofia, and why, stands in README.md.
#pragma once

namespace tollgate::pstn::sip {
class endpoint;
class handle_owner;
class timer;
}  // namespace tollgate::pstn::sip

#define NUA_MAGIC_T tollgate::pstn::sip::endpoint
#define NUA_HMAGIC_T tollgate::pstn::sip::handle_owner
#define SU_ROOT_MAGIC_T tollgate::pstn::sip::endpoint
#define SU_WAKEUP_ARG_T tollgate::pstn::sip::endpoint
#define SU_TIMER_ARG_T tollgate::pstn::sip::timer

#define SOFIA_EXTEND_AUTH_CLIENT 1  // as the library itself is built: the structures have more members

#include <sofia-sip/auth_client_plugin.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
