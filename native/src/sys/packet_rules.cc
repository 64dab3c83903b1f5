#include "sys/packet_rules.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>

#include "sys/netlink.h"

namespace tinyd {
namespace {

constexpr size_t kHeaderBytes = NLMSG_LENGTH(sizeof(struct nfgenmsg));

/** The value of NFTA_GEN_ID among an answer's attributes; 0, which no generation has, where it is missing. */
uint32_t generationIn(const std::string& answer) {
  for (size_t at = kHeaderBytes; at + NLA_HDRLEN <= answer.size();) {
    struct nlattr attribute;
    memcpy(&attribute, answer.data() + at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > answer.size() - at) return 0;
    uint32_t value;
    if ((attribute.nla_type & NLA_TYPE_MASK) == NFTA_GEN_ID &&
        attribute.nla_len == NLA_HDRLEN + sizeof value) {
      memcpy(&value, answer.data() + at + NLA_HDRLEN, sizeof value);
      return ntohl(value);
    }
    at += NLA_ALIGN(attribute.nla_len);
  }
  return 0;
}

}  // namespace

Result<uint32_t> rulesGeneration() {
  struct nlmsghdr header = {};
  header.nlmsg_len = kHeaderBytes;
  header.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  uint8_t question[kHeaderBytes] = {};
  memcpy(question, &header, sizeof header);
  Result<std::vector<std::string>> answers = netlinkRequest(NETLINK_NETFILTER, question, sizeof question);
  if (!answers.ok()) return answers.failure();
  uint32_t generation = answers.value().empty() ? 0 : generationIn(answers.value().front());
  if (generation == 0) return Failure{EPROTO, "netlink"};
  return generation;
}

}  // namespace tinyd
