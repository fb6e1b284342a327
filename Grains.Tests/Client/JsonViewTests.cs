using Orleans.Tbptt.Client.Views;

namespace Orleans.Tbptt.Tests.Client;

public sealed class JsonViewTests
{
    [Fact]
    public void JsonView_PassesLinesThroughUntouched_WhateverIsInThem()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var view = new JsonView(output, error);

        view.OnEvent("{\"type\":\"step\",  \"loss\":1e-3, \"of\":\"later\"}", null);
        view.OnNotice("silo 2 ended");
        ((IRunView)view).OnTick();
        view.OnEvent("{\"é\":\"\\u001b\"}", null);

        Assert.Equal("{\"type\":\"step\",  \"loss\":1e-3, \"of\":\"later\"}\n{\"é\":\"\\u001b\"}\n", output.ToString());
        Assert.Equal("tbptt: silo 2 ended", error.ToString().TrimEnd());
    }
}
