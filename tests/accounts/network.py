"""Networks, load balancers, names, content, messages."""

from __future__ import annotations

from typing import Any

from accounts.case import Case, Created, Query, specified, tags
from accounts.compute import ZONE, run_instances
from aws_reader import ACCOUNT, REGION, client


def vpcs() -> Created:
    ec2 = client("ec2")
    tagged = ec2.create_vpc(
        CidrBlock="10.1.0.0/16",
        InstanceTenancy="dedicated",
        TagSpecifications=specified("vpc", team="network,edge", Env=""),
    )["Vpc"]["VpcId"]
    ec2.associate_vpc_cidr_block(VpcId=tagged, CidrBlock="10.3.0.0/16")
    plain = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    return Created(
        (
            Query(
                "SELECT arn, vpc_id, cidr_block, instance_tenancy, account_id, tags['Env']"
                " FROM aws.vpc WHERE tags['team'] = ['network,edge']",
                [
                    (
                        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{tagged}",
                        tagged,
                        "10.1.0.0/16",
                        "dedicated",
                        ACCOUNT,
                        [""],
                    )
                ],
            ),
            Query(
                "SELECT vpc_id, state, owner_id FROM aws.vpc"
                " WHERE NOT is_default AND coalesce(cardinality(tags), 0) = 0",
                [(plain, "available", ACCOUNT)],
            ),
            Query(
                "SELECT block->>'cidr_block', block->'cidr_block_state'->>'state' FROM ("
                """SELECT unnest(from_json(cidr_block_association_set, '["JSON"]')) AS block"""
                " FROM aws.vpc WHERE tags['team'] IS NOT NULL) ORDER BY ALL",
                [("10.1.0.0/16", "associated"), ("10.3.0.0/16", "associated")],
            ),
            Query(
                "SELECT count(DISTINCT _key), count(*) FILTER (is_default) FROM aws.vpc", [(3, 1)]
            ),
        )
    )


def load_balancers() -> Created:
    elb = client("elb")
    common: dict[str, Any] = {
        "Listeners": [{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}],
        "AvailabilityZones": [ZONE],
    }
    elb.create_load_balancer(LoadBalancerName="front", Tags=tags(team="web", Env="prod"), **common)
    elb.create_load_balancer(LoadBalancerName="back", Scheme="internal", **common)
    elb.configure_health_check(
        LoadBalancerName="front",
        HealthCheck={
            "Target": "HTTP:8080/alive",
            "Interval": 10,
            "Timeout": 5,
            "UnhealthyThreshold": 2,
            "HealthyThreshold": 3,
        },
    )
    elb.modify_load_balancer_attributes(
        LoadBalancerName="front",
        LoadBalancerAttributes={
            "CrossZoneLoadBalancing": {"Enabled": True},
            "ConnectionSettings": {"IdleTimeout": 90},
        },
    )
    elb.create_load_balancer_policy(
        LoadBalancerName="front",
        PolicyName="proxied",
        PolicyTypeName="ProxyProtocolPolicyType",
        PolicyAttributes=[{"AttributeName": "ProxyProtocol", "AttributeValue": "true"}],
    )
    [instance] = run_instances(1)
    elb.register_instances_with_load_balancer(
        LoadBalancerName="front", Instances=[{"InstanceId": instance}]
    )
    return Created(
        (
            Query(
                "SELECT _key, account_id, load_balancer_name, scheme, tags['Env'],"
                " health_check->>'target',"
                " (load_balancer_attributes->'connection_settings'->>'idle_timeout')::INT,"
                " (load_balancer_attributes->'cross_zone_load_balancing'->>'enabled')::BOOLEAN,"
                " instance_states->0->>'instance_id', instance_states->0->>'state'"
                " FROM aws.elb_load_balancer WHERE tags['team'] = 'web'",
                [
                    (
                        f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/front",
                        ACCOUNT,
                        "front",
                        "internet-facing",
                        "prod",
                        "HTTP:8080/alive",
                        90,
                        True,
                        instance,
                        "InService",
                    )
                ],
            ),
            Query(
                "SELECT policy_descriptions->0->>'policy_name',"
                " policy_descriptions->0->'policy_attribute_descriptions'->0->>'attribute_value',"
                " availability_zones"
                " FROM aws.elb_load_balancer WHERE load_balancer_name = 'front'",
                [("proxied", "true", [ZONE])],
            ),
            Query(
                "SELECT scheme, cardinality(tags), instance_states,"
                " listener_descriptions->0->'listener'->>'instance_port'"
                " FROM aws.elb_load_balancer WHERE load_balancer_name = 'back'",
                [("internal", 0, "[]", "8080")],
            ),
        )
    )


def hosted_zones() -> Created:
    route53 = client("route53")
    network = client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    private = route53.create_hosted_zone(
        Name="inside.example.",
        CallerReference="first",
        HostedZoneConfig={"Comment": "Ours alone.", "PrivateZone": True},
        VPC={"VPCRegion": "us-east-1", "VPCId": network},
    )["HostedZone"]["Id"]
    route53.change_tags_for_resource(
        ResourceType="hostedzone",
        ResourceId=private.rpartition("/")[2],
        AddTags=tags(team="network", Env=""),
    )
    public = route53.create_hosted_zone(Name="example.", CallerReference="second")["HostedZone"][
        "Id"
    ]
    return Created(
        (
            Query(
                "SELECT id, hosted_zone_arn, account_id, name, caller_reference, config->>'comment',"
                " tags['Env'], vpcs->0->>'vpc_id' FROM aws.route53_hosted_zone WHERE tags['team'] = ['network']",
                [
                    (
                        private,
                        f"arn:aws:route53::{private.replace('/', ':', 1)}",
                        ACCOUNT,
                        "inside.example.",
                        "first",
                        "Ours alone.",
                        [""],
                        network,
                    )
                ],
            ),
            Query(
                "SELECT id, name, (config->>'private_zone')::BOOLEAN, resource_record_set_count,"
                " cardinality(tags), json_array_length(delegation_set->'name_servers') > 0"
                " FROM aws.route53_hosted_zone WHERE name = 'example.'",
                [(public, "example.", False, 2, 0, True)],
            ),
        )
    )


def distributions() -> Created:
    cloudfront = client("cloudfront")

    def configuration(name: str) -> dict[str, Any]:
        return {
            "CallerReference": name,
            "Comment": name,
            "Enabled": True,
            "Aliases": {"Quantity": 1, "Items": [f"{name}.example"]},
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "bucket",
                        "DomainName": "images.s3.amazonaws.com",
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "bucket",
                "ViewerProtocolPolicy": "https-only",
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }

    tagged = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": configuration("images"),
            "Tags": {"Items": tags(team="media", Env="")},
        }
    )["Distribution"]
    plain = cloudfront.create_distribution(DistributionConfig=configuration("plain"))[
        "Distribution"
    ]
    return Created(
        (
            Query(
                "SELECT _key, id, domain_name, account_id, tags['Env'],"
                " distribution_config->'aliases'->'items'->>0, e_tag IS NOT NULL"
                " FROM aws.cloudfront_distribution WHERE tags['team'] = 'media'",
                [
                    (
                        tagged["ARN"],
                        tagged["Id"],
                        tagged["DomainName"],
                        ACCOUNT,
                        "",
                        "images.example",
                        True,
                    )
                ],
            ),
            Query(
                "SELECT id, cardinality(tags),"
                " distribution_config->'origins'->'items'->0->>'domain_name'"
                " FROM aws.cloudfront_distribution WHERE distribution_config->>'comment' = 'plain'",
                [(plain["Id"], 0, "images.s3.amazonaws.com")],
            ),
        )
    )


def platform_applications() -> Created:
    sns = client("sns")
    arns = [
        sns.create_platform_application(
            Name=name, Platform=platform, Attributes={"SuccessFeedbackSampleRate": rate}
        )["PlatformApplicationArn"]
        for name, platform, rate in (("phone", "GCM", "10"), ("tablet", "APNS", "20"))
    ]
    return Created(
        (
            Query(
                "SELECT _key, platform_application_arn, account_id,"
                " attributes['SuccessFeedbackSampleRate'] FROM aws.sns_platform_application"
                " ORDER BY 4",
                [(arn, arn, ACCOUNT, rate) for arn, rate in zip(arns, ("10", "20"), strict=True)],
            ),
        )
    )


CASES = (
    Case("aws.vpc", vpcs),
    Case("aws.elb_load_balancer", load_balancers),
    Case("aws.route53_hosted_zone", hosted_zones),
    Case("aws.cloudfront_distribution", distributions),
    Case("aws.sns_platform_application", platform_applications),
)
