"""ARNs that responses lack, as AWS's Service Authorization Reference writes them.

The reference has a page for each service, https://docs.aws.amazon.com/service-authorization/latest/reference/
and then the name in `REFERENCES`. A row stands here only for a structure that has no ARN of its own
(or has it for some resources only), and whose members identify the resource with certainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REFERENCES: Mapping[str, str] = {
    "apigateway": "list_amazonapigatewaymanagement.html",
    "apigatewayv2": "list_amazonapigatewaymanagementv2.html",
    "athena": "list_amazonathena.html",
    "codepipeline": "list_awscodepipeline.html",
    "directconnect": "list_awsdirectconnect.html",
    "ds": "list_awsdirectoryservice.html",
    "ec2": "list_amazonec2.html",
    "elb": "list_awselasticloadbalancing.html",
    "glue": "list_awsglue.html",
    "redshift": "list_amazonredshift.html",
    "route53": "list_amazonroute53.html",
    "s3": "list_amazons3.html",
    "workspaces": "list_amazonworkspaces.html",
}


@dataclass(frozen=True, slots=True)
class Built:
    """The ARN of the resource that a structure of a service describes.

    ``format`` is the reference's, with the structure's members in place of the reference's names of
    them. ``place`` is a member that holds another ARN with the same partition, region and account.
    """

    service: str
    structure: str
    format: str
    place: str = ""


def _row(service: str, structure: str, rest: str, place: str = "") -> Built:
    return Built(service, structure, f"arn:${{Partition}}:{rest}", place)


# fmt: off
FORMATS: tuple[Built, ...] = (
    _row("apigateway", "ApiKey", "apigateway:${Region}::/apikeys/${id}"),
    _row("apigateway", "RestApi", "apigateway:${Region}::/restapis/${id}"),
    _row("apigateway", "UsagePlan", "apigateway:${Region}::/usageplans/${id}"),
    _row("apigateway", "VpcLink", "apigateway:${Region}::/vpclinks/${id}"),
    _row("apigatewayv2", "Api", "apigateway:${Region}::/apis/${ApiId}"),
    _row("athena", "DataCatalog", "athena:${Region}:${Account}:datacatalog/${Name}"),
    _row("athena", "WorkGroup", "athena:${Region}:${Account}:workgroup/${Name}"),
    _row("codepipeline", "PipelineDeclaration", "codepipeline:${Region}:${Account}:${name}"),
    _row("directconnect", "Connection", "directconnect:${Region}:${Account}:dxcon/${connectionId}"),
    _row("directconnect", "DirectConnectGateway", "directconnect::${Account}:dx-gateway/${directConnectGatewayId}"),
    _row("directconnect", "Lag", "directconnect:${Region}:${Account}:dxlag/${lagId}"),
    _row("directconnect", "VirtualInterface", "directconnect:${Region}:${Account}:dxvif/${virtualInterfaceId}"),
    _row("ds", "DirectoryDescription", "ds:${Region}:${Account}:directory/${DirectoryId}"),
    _row("ec2", "Address", "ec2:${Region}:${Account}:elastic-ip/${AllocationId}"),
    _row("ec2", "CarrierGateway", "ec2:${Region}:${Account}:carrier-gateway/${CarrierGatewayId}"),
    _row("ec2", "ClientVpnEndpoint", "ec2:${Region}:${Account}:client-vpn-endpoint/${ClientVpnEndpointId}"),
    _row("ec2", "CustomerGateway", "ec2:${Region}:${Account}:customer-gateway/${CustomerGatewayId}"),
    _row("ec2", "DhcpOptions", "ec2:${Region}:${Account}:dhcp-options/${DhcpOptionsId}"),
    _row("ec2", "EgressOnlyInternetGateway", "ec2:${Region}:${Account}:egress-only-internet-gateway/${EgressOnlyInternetGatewayId}"),
    _row("ec2", "FleetData", "ec2:${Region}:${Account}:fleet/${FleetId}"),
    _row("ec2", "FlowLog", "ec2:${Region}:${Account}:vpc-flow-log/${FlowLogId}"),
    _row("ec2", "Host", "ec2:${Region}:${Account}:dedicated-host/${HostId}"),
    # Images and snapshots are named without the account that owns them.
    _row("ec2", "Image", "ec2:${Region}::image/${ImageId}"),
    _row("ec2", "Instance", "ec2:${Region}:${Account}:instance/${InstanceId}"),
    _row("ec2", "InternetGateway", "ec2:${Region}:${Account}:internet-gateway/${InternetGatewayId}"),
    _row("ec2", "KeyPairInfo", "ec2:${Region}:${Account}:key-pair/${KeyName}"),
    _row("ec2", "LaunchTemplate", "ec2:${Region}:${Account}:launch-template/${LaunchTemplateId}"),
    _row("ec2", "NatGateway", "ec2:${Region}:${Account}:natgateway/${NatGatewayId}"),
    _row("ec2", "NetworkAcl", "ec2:${Region}:${Account}:network-acl/${NetworkAclId}"),
    _row("ec2", "NetworkInterface", "ec2:${Region}:${Account}:network-interface/${NetworkInterfaceId}"),
    _row("ec2", "ReservedInstances", "ec2:${Region}:${Account}:reserved-instances/${ReservedInstancesId}"),
    _row("ec2", "RouteTable", "ec2:${Region}:${Account}:route-table/${RouteTableId}"),
    _row("ec2", "Snapshot", "ec2:${Region}::snapshot/${SnapshotId}"),
    _row("ec2", "SpotFleetRequestConfig", "ec2:${Region}:${Account}:spot-fleet-request/${SpotFleetRequestId}"),
    _row("ec2", "SpotInstanceRequest", "ec2:${Region}:${Account}:spot-instances-request/${SpotInstanceRequestId}"),
    _row("ec2", "Vpc", "ec2:${Region}:${Account}:vpc/${VpcId}"),
    _row("ec2", "VpcEndpoint", "ec2:${Region}:${Account}:vpc-endpoint/${VpcEndpointId}"),
    _row("ec2", "VpcPeeringConnection", "ec2:${Region}:${Account}:vpc-peering-connection/${VpcPeeringConnectionId}"),
    _row("ec2", "VpnConnection", "ec2:${Region}:${Account}:vpn-connection/${VpnConnectionId}"),
    _row("ec2", "VpnGateway", "ec2:${Region}:${Account}:vpn-gateway/${VpnGatewayId}"),
    _row("elb", "LoadBalancerDescription", "elasticloadbalancing:${Region}:${Account}:loadbalancer/${LoadBalancerName}"),
    _row("glue", "Connection", "glue:${Region}:${Account}:connection/${Name}"),
    _row("glue", "Crawler", "glue:${Region}:${Account}:crawler/${Name}"),
    _row("glue", "DevEndpoint", "glue:${Region}:${Account}:devEndpoint/${EndpointName}"),
    _row("glue", "Job", "glue:${Region}:${Account}:job/${Name}"),
    _row("glue", "Trigger", "glue:${Region}:${Account}:trigger/${Name}"),
    _row("glue", "Workflow", "glue:${Region}:${Account}:workflow/${Name}"),
    _row("redshift", "Cluster", "redshift:${Region}:${Account}:cluster:${ClusterIdentifier}", "ClusterNamespaceArn"),
    _row("redshift", "ClusterParameterGroup", "redshift:${Region}:${Account}:parametergroup:${ParameterGroupName}"),
    _row("redshift", "ClusterSubnetGroup", "redshift:${Region}:${Account}:subnetgroup:${ClusterSubnetGroupName}"),
    _row("redshift", "EventSubscription", "redshift:${Region}:${Account}:eventsubscription:${CustSubscriptionId}"),
    _row("redshift", "HsmClientCertificate", "redshift:${Region}:${Account}:hsmclientcertificate:${HsmClientCertificateIdentifier}"),
    _row("redshift", "HsmConfiguration", "redshift:${Region}:${Account}:hsmconfiguration:${HsmConfigurationIdentifier}"),
    _row("redshift", "SnapshotCopyGrant", "redshift:${Region}:${Account}:snapshotcopygrant:${SnapshotCopyGrantName}"),
    _row("redshift", "UsageLimit", "redshift:${Region}:${Account}:usagelimit:${UsageLimitId}"),
    # Ids of hosted zones and delegation sets come as "/hostedzone/Z1": what fills a format takes
    # the last part.
    _row("route53", "DelegationSet", "route53:::delegationset/${Id}"),
    _row("route53", "HealthCheck", "route53:::healthcheck/${Id}"),
    _row("route53", "HostedZone", "route53:::hostedzone/${Id}"),
    _row("route53", "QueryLoggingConfig", "route53:::queryloggingconfig/${Id}"),
    _row("route53", "TrafficPolicy", "route53:::trafficpolicy/${Id}"),
    _row("route53", "TrafficPolicyInstance", "route53:::trafficpolicyinstance/${Id}"),
    # Buckets have "BucketArn" only where they are directory buckets, and ListBuckets lists none.
    _row("s3", "Bucket", "s3:::${Name}"),
    _row("workspaces", "ConnectionAlias", "workspaces:${Region}:${Account}:connectionalias/${AliasId}"),
    _row("workspaces", "Workspace", "workspaces:${Region}:${Account}:workspace/${WorkspaceId}"),
    _row("workspaces", "WorkspaceDirectory", "workspaces:${Region}:${Account}:directory/${DirectoryId}"),
    _row("workspaces", "WorkspaceImage", "workspaces:${Region}:${Account}:workspaceimage/${ImageId}"),
    _row("workspaces", "WorkspacesIpGroup", "workspaces:${Region}:${Account}:workspaceipgroup/${groupId}"),
)
# fmt: on

BY_STRUCTURE: Mapping[tuple[str, str], Built] = {
    (row.service, row.structure): row for row in FORMATS
}
