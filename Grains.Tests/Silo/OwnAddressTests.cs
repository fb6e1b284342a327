using System.Net;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Tests.Silo;

public sealed class OwnAddressTests
{
    [Theory]
    [InlineData("172.18.0.3", "127.0.0.1", "172.18.0.3 out")]
    [InlineData("172.18.0.3", "127.0.0.1", "172.18.0.3")]
    [InlineData("10.0.0.5", "172.17.0.1", "10.0.0.5 out")]
    public void OwnAddress_IsTheOneThatOthersReach(string expected, params string[] machine) =>
        Assert.Equal(IPAddress.Parse(expected), OwnAddress.Choose(machine.Select(Network)));

    [Theory]
    [InlineData("an IPv4 address other than loopback", "127.0.0.1")]
    [InlineData("10.0.0.5 and 10.1.0.5", "10.0.0.5 out", "10.1.0.5 out", "172.17.0.1")]
    [InlineData("10.0.0.5 and 10.1.0.5", "10.0.0.5", "10.1.0.5")]
    public void OwnAddress_SaysWhatThereIs_WhenItIsAmbiguous(string said, params string[] machine)
    {
        var exception = Assert.Throws<SiloStartException>(() => OwnAddress.Choose(machine.Select(Network)));

        Assert.Equal(SiloExitCode.WrongConfiguration, exception.ExitCode);
        Assert.StartsWith("address: found 'auto', expected ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_FindTheAddress_WhenItIsAuto()
    {
        var sources = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>("Tbptt:Address", "auto")])
            .Build();

        // On a machine whose address is ambiguous, both say so.
        Assert.Equal(Said(() => OwnAddress.Find()), Said(() => SiloSettings.Read(sources, []).IPAddress));
    }

    private static string Said(Func<IPAddress> find)
    {
        try
        {
            return find().ToString();
        }
        catch (SiloStartException exception)
        {
            return exception.Message;
        }
    }

    private static (IPAddress Address, bool LeadsOut) Network(string text) =>
        (IPAddress.Parse(text.Split(' ')[0]), text.EndsWith(" out", StringComparison.Ordinal));
}
