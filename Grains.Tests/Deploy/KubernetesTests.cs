using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Cluster.Settings;
using Orleans.Tbptt.Silo.Hosting;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;
using YamlDotNet.Core;

namespace Orleans.Tbptt.Tests.Deploy;

/// <summary>The manifests of <c>deploy/kubernetes</c>, read into Kubernetes' own types, which know every key.</summary>
public sealed class KubernetesTests
{
    private static readonly string Directory = SourceTree.Of("deploy", "kubernetes");

    private static readonly IReadOnlyList<object> All =
        [.. System.IO.Directory.EnumerateFiles(Directory, "*.yaml").Where(file => Path.GetFileName(file) != "kustomization.yaml")
            .Order(StringComparer.Ordinal).SelectMany(file => Read(File.ReadAllText(file)))];

    private static V1Deployment Silo => Deployment("silo");

    private static V1Container SiloContainer => Silo.Spec.Template.Spec.Containers.Single();

    [Fact]
    public void Manifests_HaveNoUnknownKey() => Assert.Equal(12, All.Count);

    [Fact]
    public void Mistakes_AreFound_SoThatTheTestAboveCanFail()
    {
        string silo = File.ReadAllText(Path.Combine(Directory, "silo.yaml"));

        Assert.ThrowsAny<YamlException>(() => Read(silo.Replace("readinessProbe:", "readynessProbe:", StringComparison.Ordinal)));
        Assert.ThrowsAny<YamlException>(() => Read(silo.Replace("replicas: 2", "replicas: two", StringComparison.Ordinal)));
    }

    [Fact]
    public void Probes_AskTheSilosHealth_AtThePortThatItServes()
    {
        V1Probe[] probes = [SiloContainer.StartupProbe, SiloContainer.ReadinessProbe, SiloContainer.LivenessProbe];

        Assert.Equal(["/health/startup", "/health/ready", "/health/live"], probes.Select(probe => probe.HttpGet.Path));
        Assert.All(probes, probe => Assert.Equal("web", probe.HttpGet.Port.Value));
        int port = SiloContainer.Ports.Single(one => one.Name == "web").ContainerPort;
        Assert.Equal($"0.0.0.0:{port}", Variable("Tbptt__Web__Http"));
        Assert.Equal($"{SiloContainer.Ports.Single(one => one.Name == "silo").ContainerPort}", Variable("Tbptt__SiloPort"));
        Assert.Equal($"{SiloContainer.Ports.Single(one => one.Name == "gateway").ContainerPort}", Variable("Tbptt__GatewayPort"));
    }

    [Fact]
    public void Settings_AreThoseThatSilosRead()
    {
        var settings = SiloContainer.Env.Select(variable => (variable.Name, Value: variable.Value ?? "from the pod"))
            .Concat(All.OfType<V1ConfigMap>().Single().Data.Select(one => (Name: one.Key, one.Value)))
            .ToDictionary(one => one.Name.Replace("__", ":", StringComparison.Ordinal), one => (string?)one.Value);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings);

        SettingKeys.Check(configuration.Build());

        settings["Tbptt:SiloPorts"] = "1";
        Assert.ThrowsAny<Exception>(() => SettingKeys.Check(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));
    }

    [Fact]
    public void Silos_HaveTheTimeThatTheyTakeToLeave() =>
        Assert.True(Silo.Spec.Template.Spec.TerminationGracePeriodSeconds
            > (SiloRun.DrainTimeout + SiloHost.ShutdownTimeout).TotalSeconds);

    /// <summary>As the namespace's level of security, restricted, requires, and with a root file system that nobody writes to.</summary>
    [Fact]
    public void Pods_AreRestricted()
    {
        V1PodSpec[] pods =
            [Silo.Spec.Template.Spec, Deployment("redis").Spec.Template.Spec, All.OfType<V1Job>().Single().Spec.Template.Spec];

        Assert.All(pods, pod =>
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.NotEqual(0, pod.SecurityContext.RunAsUser);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
            var container = pod.Containers.Single();
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Contains("memory", container.Resources.Limits.Keys);
            Assert.All(container.VolumeMounts, mount => Assert.Contains(mount.Name, pod.Volumes.Select(volume => volume.Name)));
        });
        Assert.Equal(1654, Silo.Spec.Template.Spec.SecurityContext.FsGroup);
    }

    [Fact]
    public void Selectors_FindTheirPods()
    {
        var labels = All.OfType<V1Deployment>().Select(one => one.Spec.Template.Metadata.Labels).ToArray();

        Assert.All(All.OfType<V1Service>().Select(one => one.Spec.Selector)
                .Concat(All.OfType<V1NetworkPolicy>().Select(one => one.Spec.PodSelector.MatchLabels))
                .Concat(All.OfType<V1PodDisruptionBudget>().Select(one => one.Spec.Selector.MatchLabels)),
            selector => Assert.Contains(labels, own => selector.All(own.Contains)));
    }

    [Fact]
    public void AJob_IsNotRepeated_WhereTheRunHasEnded()
    {
        var values = All.OfType<V1Job>().Single().Spec.PodFailurePolicy.Rules.Single().OnExitCodes.Values;

        Assert.Equal([ExitCode.Failed, ExitCode.Usage, ExitCode.Stopped, ExitCode.Diverged, ExitCode.BadSpec], values);
    }

    [Fact]
    public void Kustomization_ListsTheManifestsThatMakeTheCluster()
    {
        string rendered = Tool.Run(ServerPrograms.RequireIfInstalled("kubectl"), "kustomize", Directory);

        Assert.Equal(All.Count - All.OfType<V1Job>().Count(), Read(rendered).Count);
        Assert.Contains("image: registry.example/tbptt-silo:0.1.0", rendered, StringComparison.Ordinal);
    }

    private static List<object> Read(string yaml) => KubernetesYaml.LoadAllFromString(yaml, strict: true);

    private static V1Deployment Deployment(string name) => All.OfType<V1Deployment>().Single(one => one.Metadata.Name == name);

    private static string Variable(string name) => SiloContainer.Env.Single(one => one.Name == name).Value;
}
