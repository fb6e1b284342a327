using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Cluster.Settings;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Cluster.Settings;

public sealed class SettingKeysTests
{
    [Fact]
    public void Keys_AreThoseThatSettingsRead()
    {
        string[] read =
        [
            .. Keys(typeof(SiloSettings), ""), .. typeof(TlsSettings).GetConstructors().Single(one => one.GetParameters().Length == 3)
                .GetParameters().Select(parameter => $"Tls:{parameter.Name}"),
        ];

        Assert.Equal(read.Order(StringComparer.Ordinal), SettingKeys.All.Order(StringComparer.Ordinal));
        SettingKeys.Check(Of([.. SettingKeys.All.Select(key => ($"tbptt:{key.ToUpperInvariant()}", "x"))]));
        SettingKeys.Check(Of(("Tbptt:DataRoots:7", "/data"), ("Tbptt:Web", ""), ("Tbptt:DataRoots", ""), ("Tbpttx:ClusterId", "x")));
    }

    [Theory]
    [InlineData("Tbptt:ClusterId",
        "Tbptt:ClusterId: found an unknown key, expected Orleans:ClusterId; it is not read any more, write this key instead")]
    [InlineData("Tbptt:Membership",
        "Tbptt:Membership: found an unknown key, expected Orleans:Clustering:ProviderType (Sqlite) and " +
        "Orleans:Clustering:ConnectionString (the file); it is not read any more, write these keys instead")]
    [InlineData("Tbptt:SiloProt",
        "Tbptt:SiloProt: found an unknown key, expected a key that a setting reads; did you mean Tbptt:SiloPort?")]
    [InlineData("Tbptt:TokenFile",
        "Tbptt:TokenFile: found an unknown key, expected a key that a setting reads; did you mean Tbptt:Web:TokenFile?")]
    [InlineData("Tbptt:Web:Tokn",
        "Tbptt:Web:Tokn: found an unknown key, expected a key that a setting reads; did you mean Tbptt:Web:Token?")]
    [InlineData("Tbptt:DataRoot",
        "Tbptt:DataRoot: found an unknown key, expected a key that a setting reads; did you mean Tbptt:DataRoots:0?")]
    [InlineData("Tbptt:DataRoots",
        "Tbptt:DataRoots: found an unknown key, expected Tbptt:DataRoots:0; remove it, or correct its spelling")]
    [InlineData("Tbptt:Web",
        "Tbptt:Web: found an unknown key, expected Tbptt:Web:Http, Tbptt:Web:Token or Tbptt:Web:TokenFile; remove it, or correct its " +
        "spelling")]
    [InlineData("Tbptt:Address:0",
        "Tbptt:Address:0: found an unknown key, expected a key that a setting reads; did you mean Tbptt:Address?")]
    public void Key_IsRefused_WhenNoSettingReadsIt(string key, string message) => Assert.Equal(message, Refusal(Of((key, "x"))));

    [Fact]
    public void EveryUnknownKey_IsNamed_AndTheKnownOnesWhereNoneIsNear()
    {
        string message = Refusal(Of(("Tbptt:Colour:Of:Pages", "x"), ("Tbptt:ClusterId", "")));

        Assert.StartsWith("Tbptt:ClusterId: found", message, StringComparison.Ordinal);
        Assert.Contains("; Tbptt:Colour:Of:Pages: found an unknown key, expected Tbptt:Runs, Tbptt:Device, ", message,
            StringComparison.Ordinal);
        Assert.EndsWith(" or Tbptt:Tls:Authority; remove it, or correct its spelling", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refusal_SaysWhereTheKeyStands()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.File("appsettings.json");
        File.WriteAllText(file, """{ "Tbptt": { "Membership": null, "DataRoots": [], "Web": {} } }""");
        // Not a variable of this process, which silos of other tests would inherit.
        var environment = new EnvironmentVariablesConfigurationProvider();
        using var variables = new ConfigurationRoot([environment]);
        environment.Set("Tbptt:ClusterId", "lab");

        Assert.StartsWith($"Tbptt:Membership: found an unknown key in {file}, expected Orleans:Clustering:ProviderType",
            Refusal(new ConfigurationBuilder().AddJsonFile(file).Build()), StringComparison.Ordinal);
        Assert.StartsWith("Tbptt:ClusterId: found an unknown key in the environment (Tbptt__ClusterId), expected Orleans:ClusterId;",
            Refusal(variables), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Keys(Type settings, string prefix) => settings
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetSetMethod() is not null)
        .SelectMany(property => property.PropertyType.Namespace == settings.Namespace
            ? Keys(property.PropertyType, $"{prefix}{property.Name}:")
            : property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable))
                ? [$"{prefix}{property.Name}:0"]
                : (IEnumerable<string>)[$"{prefix}{property.Name}"]);

    private static string Refusal(IConfiguration configuration) =>
        Assert.Throws<ClusterSettingsException>(() => SettingKeys.Check(configuration)).Message;

    private static IConfiguration Of(params (string Key, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Key, one.Value))).Build();
}
