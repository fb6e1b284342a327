using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Tests.Silo.Web;

public sealed class WebSettingsTests
{
    [Theory]
    [InlineData("0", "127.0.0.1:0", false)]
    [InlineData("8080", "127.0.0.1:8080", false)]
    [InlineData("localhost:8080", "127.0.0.1:8080", false)]
    [InlineData("127.0.0.2:81", "127.0.0.2:81", false)]
    [InlineData("[::1]:8080", "[::1]:8080", false)]
    [InlineData("0.0.0.0:8080", "0.0.0.0:8080", true)]
    [InlineData("10.0.0.5:0", "10.0.0.5:0", true)]
    public void Http_SaysWhereToServe_AndWhetherOthersReachIt(string http, string endpoint, bool exposed)
    {
        var settings = new WebSettings { Http = http };

        Assert.Equal((endpoint, exposed), (settings.Endpoint.ToString(), settings.IsExposed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("http")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("::1")]
    [InlineData("example.org:80")]
    [InlineData("127.0.0.1:99999")]
    public void Http_IsRefused_WhenItIsNoAddressAndPort(string http)
    {
        var exception = Assert.Throws<SiloStartException>(new WebSettings { Http = http }.Validate);

        Assert.Equal(SiloExitCode.WrongConfiguration, exception.ExitCode);
        Assert.StartsWith($"http: found '{http}', expected [address:]port", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Http_IsRefused_WhenOthersReachItWithoutAToken()
    {
        var settings = new WebSettings { Http = "0.0.0.0:8080" };

        var exception = Assert.Throws<SiloStartException>(settings.Validate);

        Assert.Equal(SiloExitCode.WrongConfiguration, exception.ExitCode);
        Assert.Contains("Tbptt__Web__Token", exception.Message, StringComparison.Ordinal);
        settings.Token = "a-token";
        settings.Validate();
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\n")]
    [InlineData("höchst geheim")]
    public void Token_IsRefused_WhenNoHeaderCanCarryIt(string token) =>
        Assert.StartsWith("Tbptt:Web:Token:", Assert.Throws<SiloStartException>(new WebSettings { Token = token }.Validate).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Off_IsNoPage()
    {
        var settings = new WebSettings { Http = "Off" };

        settings.Validate();

        Assert.Equal((false, false), (settings.IsOn, settings.IsExposed));
    }
}
